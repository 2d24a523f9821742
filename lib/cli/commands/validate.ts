import { stringify } from 'yaml';
import type { KubeObject } from '../../domain/objects/kube-object.ts';
import { idleSettings } from '../../domain/settings/idle-settings.ts';
import type { Settings } from '../../domain/settings/settings.ts';
import { formatProblem } from '../../domain/settings/settings-problem.ts';
import { readSettings } from '../../read-settings.ts';
import { type Command, outputFlag } from '../command.ts';
import { clean, printJson } from '../print.ts';
import type { Terminal } from '../terminal.ts';

export const validate: Command = {
  summary: 'check sluice.yaml, every problem at once',
  usage: '[FILE] [flags]',
  description:
    'Reads the settings as "sluice serve" does and tells everything that is wrong with them, each with its path; no secret is read for that, and nothing is asked over the network. With --rbac fetches and renders the target and asks its cluster, and prints the Roles that its account needs, with the commands that bind them to it.',
  flags: {
    aws: { help: 'check them for the functions in AWS: only secrets that their roles reach' },
    stage: { value: 'NAME', help: 'with --aws: the stage whose secrets they name' },
    rbac: { value: 'TARGET', help: 'print the Roles that the account of this target needs in its cluster' },
    kubeconfig: {
      value: 'FILE',
      help: 'with --rbac: of someone who may read what the target owns by now; default that of the target',
    },
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
      const kubeconfig = flag('kubeconfig');
      const local = await import('../../local/rbac.ts');
      const printed = await local.roleOfTarget({
        config: file,
        target,
        environment,
        ...(kubeconfig !== undefined && { kubeconfig }),
      });
      for (const warning of printed.warnings) warn(terminal, warning);
      if (json) printJson(terminal, { apiVersion: 'v1', kind: 'List', items: printed.roles });
      else printRoles(terminal, printed.roles, printed.bind);
      return 0;
    }
    const idle = idleSettings(settings, has('aws'));
    for (const problem of idle) warn(terminal, formatProblem(problem));
    if (json) printJson(terminal, { ...counts(settings), warnings: idle });
    else terminal.out(`${file} is fine: ${formatCounts(counts(settings))}`);
    return 0;
  },
};

function warn(terminal: Terminal, warning: string): void {
  terminal.err(terminal.paintError('yellow', `Warning: ${clean(warning)}`));
}

/** As YAML for kubectl apply, to which the commands are comments. */
function printRoles(terminal: Terminal, roles: readonly KubeObject[], bind: readonly string[]): void {
  const documents = roles.map((role) => stringify(role, { lineWidth: 0, aliasDuplicateObjects: false }));
  terminal.out(documents.join('---\n').trimEnd());
  terminal.out('# They count once they are bound to the account:');
  for (const command of bind) terminal.out(`#   ${command}`);
}

function counts({ targets, webhooks, api }: Settings): Record<'targets' | 'webhooks' | 'tokens', number> {
  return { targets: targets.length, webhooks: webhooks.length, tokens: api?.tokens.length ?? 0 };
}

function formatCounts(numbers: Readonly<Record<string, number>>): string {
  return Object.entries(numbers)
    .map(([words, count]) => `${count} ${count === 1 ? words.slice(0, -1) : words}`)
    .join(', ');
}
