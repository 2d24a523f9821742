import type { Settings } from '../../domain/settings/settings.ts';
import { readSettings } from '../../read-settings.ts';
import { type Command, outputFlag } from '../command.ts';
import { printJson } from '../print.ts';

export const validate: Command = {
  summary: 'check sluice.yaml, every problem at once',
  usage: '[FILE] [flags]',
  description:
    'Reads the settings as "sluice serve" does and tells everything that is wrong with them, each with its path. Secrets are not read and nothing is asked over the network.',
  flags: {
    aws: { help: 'check them for the functions in AWS: only secrets that their roles reach' },
    stage: { value: 'NAME', help: 'with --aws: the stage whose secrets they name' },
    rbac: { value: 'TARGET', help: 'print the Role that the account of this target needs in its cluster' },
    ...outputFlag,
  },
  arguments: { least: 0, most: 1 },
  examples: [
    'sluice validate',
    'sluice validate deploy/sluice.yaml',
    'sluice validate --aws --stage prod',
    'sluice validate --rbac shop-staging | kubectl apply -f -',
  ],
  async run({ arguments: [file = 'sluice.yaml'], flag, has, json, terminal, environment }) {
    const settings = readSettings(file, has('aws') ? { local: false, aws: { stage: flag('stage') } } : { local: true });
    const target = flag('rbac');
    if (target !== undefined) {
      const local = await import('../../local/rbac.ts');
      terminal.out((await local.roleOfTarget({ config: file, target, environment })).trimEnd());
    } else if (json) printJson(terminal, counts(settings));
    else terminal.out(`${file} is fine: ${formatCounts(counts(settings))}`);
    return 0;
  },
};

function counts({ targets, webhooks, api }: Settings): Record<'targets' | 'webhooks' | 'tokens', number> {
  return { targets: targets.length, webhooks: webhooks.length, tokens: api?.tokens.length ?? 0 };
}

function formatCounts(numbers: Readonly<Record<string, number>>): string {
  return Object.entries(numbers)
    .map(([words, count]) => `${count} ${count === 1 ? words.slice(0, -1) : words}`)
    .join(', ');
}
