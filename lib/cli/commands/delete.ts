import { Failure } from '../../domain/failure.ts';
import { createClient } from '../client.ts';
import { type Call, type Command, outputFlag, serverFlags } from '../command.ts';
import { exitCodeOf, followFlags, followRun, readTimeout } from '../follow-run.ts';
import { clean } from '../print.ts';

/** The command `delete`: the word is reserved. */
export const deleteTarget: Command = {
  summary: 'delete the objects of a target from its cluster, or let go of them',
  usage: 'TARGET [flags]',
  description:
    "Deletes every object that the target owns, and its inventory; with --orphan the objects stay in the cluster and are nobody's. Asks first. Set suspend: true on the target before, or the next push or sweep creates everything again. Takes the role admin.",
  flags: {
    orphan: { help: 'leave the objects in the cluster, and only take the marks of Sluice off them' },
    yes: { short: 'y', help: 'do not ask; needed where there is no terminal' },
    ...followFlags,
    ...outputFlag,
    ...serverFlags,
  },
  arguments: { least: 1, most: 1 },
  examples: ['sluice delete shop-staging', 'sluice delete shop-staging --orphan', 'sluice delete shop-staging --yes'],
  async run(call) {
    const [name = ''] = call.arguments;
    const timeout = readTimeout(call);
    const client = createClient(call);
    const { suspended } = await client.showTarget(name);
    const orphan = call.has('orphan');
    await confirm(call, name, orphan);
    const queued = await client.requestDelete(name, orphan);
    const intro = orphan ? `Letting go of the objects of "${name}"` : `Deleting the objects of "${name}"`;
    const run = await followRun(call, client, queued, { timeout, intro });
    if (!suspended && !call.json) {
      const again = orphan ? 'applies everything again' : 'creates everything again';
      const line = `"${name}" is still in sluice.yaml: the next push or sweep ${again}. Remove it there, or set suspend: true`;
      call.terminal.out(call.terminal.paint('yellow', line));
    }
    return exitCodeOf(run);
  },
};

/** Throws a `user` Failure unless someone says yes, or `--yes` did. */
async function confirm({ has, terminal }: Call, name: string, orphan: boolean): Promise<void> {
  if (has('yes')) return;
  const question = orphan
    ? `Leave every object of target "${name}" in its cluster, and forget which they are?`
    : `Delete every object of target "${name}" in its cluster?`;
  const answer = await terminal.ask(`${clean(question)} [y/N] `);
  if (answer === undefined) {
    throw new Failure('user', `Cannot delete "${name}": there is no terminal to ask whether it is meant`, {
      help: 'Add --yes if it is',
    });
  }
  if (!/^y(es)?$/i.test(answer.trim()))
    throw new Failure('user', `Cannot delete "${name}": the answer was not yes`, { help: 'Nothing was deleted' });
}
