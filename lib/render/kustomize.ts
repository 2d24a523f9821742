import { Failure } from '../domain/failure.ts';
import type { Rendered } from '../domain/objects/rendered.ts';
import { nameIn, resolveInside } from './checkout-path.ts';
import { guardKustomization } from './kustomize-guard.ts';
import { readPrinted } from './read-manifests.ts';
import type { RenderContext } from './renderer.ts';
import { runTool } from './run-tool.ts';
import { withoutQuotes } from './without-quotes.ts';

/** What `kubectl kustomize` makes of the kustomization in the directory. Plugins, functions and charts are off: they are so by default. */
export async function renderKustomize(context: RenderContext): Promise<Rendered> {
  return readPrinted(await buildKustomization(context), `kustomize build ${context.path}`);
}

/** The YAML that kustomize prints. Throws a `user` Failure in one line that names the directory. */
async function buildKustomization(context: RenderContext): Promise<Buffer> {
  const { root, target, scratch } = context;
  const directory = resolveInside(root, context.path);
  guardKustomization(root, directory, target.allowRemoteBases);
  const { kubectl } = await context.tools();
  const purpose = `build "${nameIn(root, directory)}" with kustomize`;
  const { code, stdout, stderr } = await runTool(context, {
    program: kubectl,
    args: ['kustomize', directory],
    directory: scratch,
    environment: {
      ...(target.allowRemoteBases && context.gitEnvironment),
      // kustomize clones remote bases with the git that it finds.
      PATH: target.allowRemoteBases ? context.searchPath : scratch,
      GIT_TERMINAL_PROMPT: '0',
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_SYSTEM: '/dev/null',
    },
    timeoutSeconds: target.timeout,
    purpose,
  });
  if (code === 0) return stdout;
  throw new Failure('user', `Cannot ${purpose}: ${describe(stderr, root)}`);
}

/** kustomize's story in one line: what it tried in vain before, its warnings, and where the checkout lies, are noise. */
function describe(stderr: string, root: string): string {
  const error = stderr
    .replaceAll(/^# Warning:.*\n?/gm, '')
    .replaceAll(`${root}/`, '')
    .replaceAll(root, '.');
  const story = error
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace(/^error: /, '')
    .replace(/accumulation err='(.*)': must build at directory: .*$/, '$1')
    .replace(/accumulation err='.*': (couldn't make target)/, '$1')
    .replaceAll(/accumulating resources: /g, '')
    .trim();
  return withoutQuotes(story).slice(0, 500);
}
