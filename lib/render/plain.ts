import type { Dirent } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../domain/failure.ts';
import { isInside, nameIn, resolveInside } from './checkout-path.ts';
import { mebibytes, readBounded } from './read-bounded.ts';
import { readManifests } from './read-manifests.ts';
import { concatenate, type RenderContext, type Rendered } from './renderer.ts';

/** Bytes of all files of a path together. */
const maxTotal = 128 * 1024 * 1024;

const kustomizations: ReadonlySet<string> = new Set(['kustomization.yaml', 'kustomization.yml']);

interface Walk {
  readonly root: string;
  bytes: number;
}

/**
 * The manifests in the files of a directory and below, or in one file, as Flux v1 finds them (facts/flux-v1.md §1.4): `.yaml` and `.yml` in the
 * order of their names; `.git` and charts are left out, also when the path lies within a chart; linked directories are not entered.
 */
export async function renderPlain({ root, path, signal }: RenderContext): Promise<Rendered> {
  const start = await resolveInside(root, path);
  if (await isInChart(root, start)) return { manifests: [], warnings: [] };
  const walk: Walk = { root, bytes: 0 };
  if (!(await stat(start)).isDirectory())
    return isManifestName(start) ? readOne(walk, nameIn(root, start), start) : nothing;
  return readDirectory(walk, start, signal);
}

const nothing: Rendered = { manifests: [], warnings: [] };

async function readDirectory(walk: Walk, directory: string, signal?: AbortSignal): Promise<Rendered> {
  signal?.throwIfAborted();
  const entries = await readdir(directory, { withFileTypes: true });
  if (isChart(entries.map(({ name }) => name))) return nothing;
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const parts: Rendered[] = [];
  for (const entry of entries) parts.push(await readEntry(walk, directory, entry, signal));
  return concatenate(parts);
}

async function readEntry(walk: Walk, directory: string, entry: Dirent, signal?: AbortSignal): Promise<Rendered> {
  const path = join(directory, entry.name);
  const name = nameIn(walk.root, path);
  if (entry.isDirectory()) return entry.name === '.git' ? nothing : readDirectory(walk, path, signal);
  if (entry.isSymbolicLink()) return readLink(walk, name, path);
  if (!entry.isFile() || !isManifestName(path)) return nothing;
  if (kustomizations.has(entry.name)) {
    return {
      manifests: [],
      warnings: [`"${name}" was not used: only a path of the target that names its directory is built by kustomize`],
    };
  }
  return readOne(walk, name, path);
}

/** Links to files are read; a link that leads out of the checkout is refused, whatever it is for. */
async function readLink(walk: Walk, name: string, path: string): Promise<Rendered> {
  if (isManifestName(path)) {
    const file = await resolveInside(walk.root, name);
    return (await stat(file)).isFile() ? readOne(walk, name, file) : nothing;
  }
  const real = await realpath(path).catch(() => undefined);
  if (real !== undefined && !isInside(walk.root, real)) await resolveInside(walk.root, name);
  return nothing;
}

async function readOne(walk: Walk, name: string, path: string): Promise<Rendered> {
  const bytes = await readBounded(path, name);
  walk.bytes += bytes.length;
  if (walk.bytes > maxTotal) {
    throw new Failure('user', `Cannot read "${name}": with it the manifests are more than ${mebibytes(maxTotal)}`, {
      help: 'Split the target: give each a part of the paths',
    });
  }
  return readManifests(bytes, name, { withoutKind: 'warn' });
}

function isManifestName(path: string): boolean {
  return /\.ya?ml$/.test(path) && basename(path) !== '.flux.yaml';
}

function isChart(names: readonly string[]): boolean {
  return names.includes('Chart.yaml') && names.includes('values.yaml');
}

async function isInChart(root: string, path: string): Promise<boolean> {
  for (let directory = path; isInside(root, directory); directory = dirname(directory)) {
    const names = await readdir(directory).catch(() => []);
    if (isChart(names)) return true;
  }
  return false;
}
