import { type Dirent, readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../domain/failure.ts';
import type { Rendered } from '../domain/objects/rendered.ts';
import { isInside, nameIn, resolveInside } from './checkout-path.ts';
import { isFile, mebibytes, readBounded } from './read-bounded.ts';
import { readManifests } from './read-manifests.ts';
import { checkStopped, concatenate, type RenderContext } from './renderer.ts';

/** Bytes of all files of a path together. */
const maxTotal = 64 * 1024 * 1024;

/** Milliseconds of reading after which others (leases that are renewed) have their turn. */
const turn = 50;

const kustomizations: ReadonlySet<string> = new Set(['kustomization.yaml', 'kustomization.yml']);

/**
 * The manifests in the files of a directory and below, or in one file, as Flux v1 finds them (facts/flux-v1.md §1.4): `.yaml` and `.yml` in the
 * order of their names; `.git` and charts are left out, also when the path lies within a chart; linked directories are not entered.
 */
export async function renderPlain({ root, path, signal }: RenderContext): Promise<Rendered> {
  const start = resolveInside(root, path);
  if (isInChart(root, start)) return { manifests: [], warnings: [] };
  const files = statSync(start).isDirectory() ? filesBelow(root, start) : isManifestName(start) ? [start] : [];
  const parts: Rendered[] = [];
  let total = 0;
  let turnEnds = performance.now() + turn;
  for (const file of files) {
    const name = nameIn(root, file);
    const bytes = readBounded(resolveInside(root, name), name);
    total += bytes.length;
    if (total > maxTotal) {
      throw new Failure('user', `Cannot read "${name}": with it the manifests are more than ${mebibytes(maxTotal)}`, {
        help: 'Split the target: give each a part of the paths',
      });
    }
    parts.push(kustomizations.has(basename(file)) ? unused(name) : readManifests(bytes, name, { withoutKind: 'warn' }));
    if (performance.now() > turnEnds) {
      await new Promise(setImmediate);
      checkStopped(signal);
      turnEnds = performance.now() + turn;
    }
  }
  return concatenate(parts);
}

function unused(name: string): Rendered {
  const warning = `"${name}" was not used: only a path of the target that names its directory is built by kustomize`;
  return { manifests: [], warnings: [warning] };
}

function* filesBelow(root: string, directory: string): Generator<string> {
  const entries = readdirSync(directory, { withFileTypes: true });
  if (isChart(entries.map(({ name }) => name))) return;
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory() && entry.name !== '.git') yield* filesBelow(root, path);
    else if (isManifest(root, path, entry)) yield path;
  }
}

/** Links to files are read; a link that leads out of the checkout is refused, whatever it is for. */
function isManifest(root: string, path: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isFile() && isManifestName(path);
  if (isManifestName(path)) return isFile(resolveInside(root, nameIn(root, path)));
  if (leadsOut(root, path)) resolveInside(root, nameIn(root, path));
  return false;
}

function leadsOut(root: string, link: string): boolean {
  try {
    return !isInside(root, realpathSync.native(link));
  } catch {
    // It leads nowhere, as links do whose target a sparse checkout leaves out.
    return false;
  }
}

function isManifestName(path: string): boolean {
  return /\.ya?ml$/.test(path) && basename(path) !== '.flux.yaml';
}

function isChart(names: readonly string[]): boolean {
  return names.includes('Chart.yaml') && names.includes('values.yaml');
}

function isInChart(root: string, path: string): boolean {
  for (
    let directory = path;
    isInside(root, directory) && directory !== dirname(directory);
    directory = dirname(directory)
  ) {
    if (isFile(join(directory, 'Chart.yaml')) && isFile(join(directory, 'values.yaml'))) return true;
  }
  return false;
}
