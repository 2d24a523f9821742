import { type Command, outputFlag } from '../command.ts';
import { printJson } from '../print.ts';
import { maskPlan, printPlan } from '../print-plan.ts';

export const plan: Command = {
  summary: 'show what a sync would change, without a server',
  usage: '[TARGET] [flags]',
  description:
    'Renders a directory and compares it with the live cluster by a dry run of its API server; prints the difference of each object, secret values masked. Changes nothing. Exit code 0: no change, 1: changes, 2: an error.',
  flags: {
    path: {
      value: 'DIR',
      help: 'the directory to render; with TARGET the work tree that holds its paths; default the working directory',
    },
    kubeconfig: { value: 'FILE', help: 'the cluster; default that of TARGET, else KUBECONFIG, else ~/.kube/config' },
    context: { value: 'NAME', help: 'a context of the kubeconfig; default its current one' },
    namespace: { value: 'NAME', short: 'n', help: 'for namespaced objects that name none' },
    config: { value: 'FILE', short: 'c', help: 'the settings that hold TARGET; default sluice.yaml' },
    ...outputFlag,
  },
  arguments: { least: 0, most: 1 },
  examples: [
    'sluice plan --path clusters/staging',
    'sluice plan --kubeconfig ~/.kube/staging --path clusters/staging',
    'sluice plan shop-staging',
  ],
  errorCode: 2,
  async run({ arguments: [target], flag, json, terminal, environment }) {
    const stop = new AbortController();
    process.once('SIGINT', () => stop.abort());
    const options = Object.fromEntries(
      ['path', 'kubeconfig', 'context', 'namespace', 'config'].flatMap((name) => {
        const value = flag(name);
        return value === undefined ? [] : [[name, value]];
      }),
    );
    const local = await import('../../local/plan.ts');
    terminal.progress('Comparing with the cluster ...');
    const view = await local.planLocally({ ...options, ...(target && { target }), environment, signal: stop.signal });
    terminal.progress('');
    if (json) printJson(terminal, maskPlan(view));
    else printPlan(terminal, view);
    const { created, configured, deleted, failed } = view.summary;
    if (failed > 0 || view.error !== undefined) return 2;
    return created + configured + deleted > 0 ? 1 : 0;
  },
};
