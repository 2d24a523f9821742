import { readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../domain/failure.ts';
import type { Manifest } from '../domain/objects/kube-object.ts';
import { redact } from '../domain/objects/redact.ts';
import type { Rendered } from '../domain/objects/rendered.ts';
import { nameIn, resolveInside } from './checkout-path.ts';
import { givenValues } from './given-values.ts';
import { readPrinted } from './read-manifests.ts';
import { concatenate, type RenderContext } from './renderer.ts';
import { runTool } from './run-tool.ts';
import { withoutQuotes } from './without-quotes.ts';

/**
 * A chart of the repository with the target's `values` over its `valuesFiles` (paths in the repository). The release is named after the target, as
 * Argo CD names it after the application, in the target's namespace. Nothing is fetched: dependencies have to be in the chart's `charts` directory.
 */
export async function renderHelm(context: RenderContext): Promise<Rendered> {
  const { root, target, scratch } = context;
  const valuesFiles = target.valuesFiles.map((file) => resolveInside(root, file));
  // Values may be secret: not on a command line, in a file of our own (DESIGN §8).
  const values = join(scratch, 'values.json');
  await writeFile(values, JSON.stringify(target.values), { mode: 0o600, flag: 'wx' });
  return templateChart(context, context.path, [
    target.name,
    '--namespace',
    target.namespace,
    '--include-crds',
    ...[...valuesFiles, values].flatMap((file) => ['--values', file]),
  ]);
}

/** What `helm template` prints for the chart at `path` in the checkout. Throws a `user` Failure in one line that names the chart. */
export async function templateChart(context: RenderContext, path: string, args: readonly string[]): Promise<Rendered> {
  const { root, scratch } = context;
  const chart = resolveInside(root, path);
  guardLinks(root, chart);
  const { helm } = await context.tools();
  const { code, stdout, stderr } = await runTool(context, {
    program: helm,
    args: ['template', ...args, chart],
    directory: scratch,
    environment: {
      PATH: scratch,
      HELM_CACHE_HOME: join(scratch, 'cache'),
      HELM_CONFIG_HOME: join(scratch, 'config'),
      HELM_DATA_HOME: join(scratch, 'data'),
    },
    timeoutSeconds: context.target.timeout,
    purpose: `render the chart "${nameIn(root, chart)}"`,
  });
  if (code !== 0) throw describe(stderr, nameIn(root, chart), root, args);
  return withoutForeignHooks(readSources(stdout.toString('utf8'), nameIn(root, chart)));
}

/** helm follows symbolic links, wherever they lead. */
function guardLinks(root: string, directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    if (entry.isSymbolicLink()) resolveInside(root, nameIn(root, join(entry.parentPath, entry.name)));
  }
}

/** helm names the template of each document: `# Source: ghost/templates/svc.yaml`, of which the first word is the chart's name. */
function readSources(text: string, chart: string): Rendered {
  const parts = text.split(/^---\n# Source: [^/\n]+\/(.+)\n/m);
  const rendered: Rendered[] = [];
  for (let index = 1; index < parts.length; index += 2) {
    rendered.push(readPrinted(parts[index + 1] ?? '', join(chart, parts[index] ?? '')));
  }
  return concatenate(rendered);
}

const appliedHooks: ReadonlySet<string> = new Set([
  'crd-install',
  'pre-install',
  'post-install',
  'pre-upgrade',
  'post-upgrade',
]);

/**
 * Hooks of installing and upgrading are applied with everything else, as `helm template | kubectl apply` does: charts rely on what they make.
 * Hooks that only belong to deleting and rolling back would undo things, and tests are no part of a release: they are left out.
 */
function withoutForeignHooks({ manifests, warnings }: Rendered): Rendered {
  const left: string[] = [];
  const kept = manifests.filter(({ object, file }: Manifest) => {
    const hook = object.metadata.annotations?.['helm.sh/hook'];
    if (hook === undefined) return true;
    const events = hook.split(',').map((event) => event.trim());
    if (events.some((event) => appliedHooks.has(event))) return true;
    if (!events.every((event) => event.startsWith('test'))) {
      left.push(`"${file}" was left out: the ${object.kind} "${object.metadata.name}" is a hook of ${hook}`);
    }
    return false;
  });
  return { manifests: kept, warnings: [...warnings, ...left] };
}

/** Of what a template says with functions of its own (`fail`, `required`), only that is known which it was given. */
function describe(stderr: string, chart: string, root: string, args: readonly string[]): Failure {
  const missing = /missing in charts\/ directory: (.+)/.exec(stderr)?.[1];
  if (missing !== undefined) {
    return new Failure(
      'user',
      `Cannot render the chart "${chart}": its dependencies are not in its charts directory: ${missing.trim()}`,
      {
        help: 'Run helm dependency build and commit the charts directory, or use a HelmRelease',
      },
    );
  }
  const error = stderr
    .replaceAll(/^(?:WARNING|walk\.go).*\n?/gm, '')
    .replaceAll(/^Use --debug flag.*\n?/gm, '')
    .replaceAll(`${root}/`, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace(/^Error: /, '')
    .trim();
  const [place = '', ...said] = withoutQuotes(error).split(/(?<=execution error at \([^)]*\)|error calling \w+): /);
  const told = [place, ...said.map((text) => redact(text, givenValues(args)))].join(': ');
  return new Failure('user', `Cannot render the chart "${chart}": ${told.slice(0, 500)}`);
}
