import { parseArgs } from 'node:util';
import { asFailure, Failure } from '../../domain/failure.ts';

export const help = `npm start [-- --cluster current]

Shows the main job on this machine: a git repository, "sluice serve", a signed push webhook, and the objects that it becomes.

  --cluster current   use the current context of KUBECONFIG, instead of an API server of its own
`;

/** `current`: the cluster of KUBECONFIG is meant. Throws a `user` Failure for what the demo does not know. */
export function readOptions(args: readonly string[]): 'help' | { readonly current: boolean } {
  const { cluster, help: asked } = parse(args);
  if (asked) return 'help';
  if (cluster === undefined || cluster === 'current') return { current: cluster !== undefined };
  throw new Failure('user', `Cannot use the cluster "${cluster}": only "current" can be named`, { help });
}

function parse(args: readonly string[]): { readonly cluster?: string; readonly help?: boolean } {
  try {
    const options = { cluster: { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;
    return parseArgs({ args: [...args], options }).values;
  } catch (cause) {
    const [state = ''] = asFailure(cause).message.split('. ', 1);
    throw new Failure('user', `Cannot start the demo: ${state}`, { help, cause });
  }
}
