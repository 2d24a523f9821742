import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../domain/failure.ts';
import { resolveInside } from './checkout-path.ts';
import type { RenderContext } from './renderer.ts';
import { runTool } from './run-tool.ts';
import { withoutQuotes } from './without-quotes.ts';

export interface ShellCommand {
  readonly command: string;
  readonly timeoutSeconds: number;
  /** What it is in `.flux.yaml`. */
  readonly role: 'generator' | 'updater';
  /** Beside PATH. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * What a command prints that only a shell understands; for targets with `allowCommands` alone. Flux v1 gives generators an empty environment, in which
 * kustomize, kubectl and helm are found all the same (facts/flux-v1.md §1.7); so they are here.
 */
export async function runInShell(context: RenderContext, call: ShellCommand): Promise<Buffer> {
  const { target, path } = context;
  const { command, timeoutSeconds, role, environment = {} } = call;
  if (!target.allowCommands) {
    throw new Failure(
      'user',
      `Cannot run the ${role} "${firstLine(command)}" of "${path}": the target does not allow commands`,
      {
        help: role === 'generator' ? generatorHelp : 'Set allowCommands: true on the target',
        code: 'NotAllowed',
      },
    );
  }
  const purpose = `run the ${role} "${firstLine(command)}" of "${path}"`;
  const { code, stdout, stderr } = await runTool(context, {
    program: '/bin/sh',
    args: ['-c', command],
    directory: resolveInside(context.root, path),
    environment: {
      ...environment,
      ...context.gitEnvironment,
      PATH: `${await linkTools(context)}:${context.searchPath}`,
    },
    timeoutSeconds,
    purpose,
  });
  if (code === 0) return stdout;
  const [last = ''] = stderr.trim().split('\n').slice(-1);
  throw new Failure('user', `Cannot ${purpose}: exit code ${code}: ${withoutQuotes(last).slice(0, 500)}`);
}

const generatorHelp =
  'Write it as kustomize build, kubectl kustomize, helm template or cat without any shell syntax, or set allowCommands: true on the target';

/** How messages name a command: some are scripts of many lines. */
export function firstLine(command: string): string {
  const [first = ''] = command.trim().split('\n', 1);
  return first.slice(0, 120);
}

/** A directory with kubectl, helm, and a kustomize that is kubectl's. */
async function linkTools({ scratch, tools }: RenderContext): Promise<string> {
  const { kubectl, helm } = await tools();
  const directory = join(scratch, 'bin');
  await mkdir(directory, { recursive: true });
  await symlink(kubectl, join(directory, 'kubectl')).catch(ifNew);
  await symlink(helm, join(directory, 'helm')).catch(ifNew);
  const kustomize = join(directory, 'kustomize');
  await writeFile(kustomize, '#!/bin/sh\n[ "$1" = build ] && shift\nexec kubectl kustomize "$@"\n', { flag: 'wx' })
    .then(() => chmod(kustomize, 0o755))
    .catch(ifNew);
  return directory;
}

function ifNew(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
