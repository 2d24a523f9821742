import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../domain/failure.ts';
import type { Json } from '../domain/kube-object.ts';
import { nameIn, resolveInside } from './checkout-path.ts';
import { readBounded } from './read-bounded.ts';
import { readYaml } from './read-yaml.ts';

export const kustomizationNames: readonly string[] = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/** Fields whose entries are files or directories that are built in turn. kustomize takes a directory from anywhere, also outside of the checkout. */
const entryFields: ReadonlySet<string> = new Set([
  'resources',
  'bases',
  'components',
  'generators',
  'transformers',
  'validators',
]);
/** Fields, at any depth, that hold paths of files. Those outside of the kustomization's own directory are refused by kustomize, but any may be a URL. */
const fileFields: ReadonlySet<string> = new Set([
  ...entryFields,
  'configurations',
  'crds',
  'env',
  'envs',
  'files',
  'patchesStrategicMerge',
  'path',
]);
/** Fields of plugins; a file among them is a configuration that may name files and URLs itself. */
const pluginFields: ReadonlySet<string> = new Set(['generators', 'transformers', 'validators']);

const maxKustomizations = 1000;

interface Guard {
  readonly root: string;
  readonly allowRemote: boolean;
  readonly seen: Set<string>;
}

/**
 * Refuses a kustomization that reaches, by itself or by what it is built on, out of the checkout or to the network, before kustomize sees it
 * (DESIGN §8). `directory` is absolute, without links. Throws a `user` Failure that names the entry and the file that has it.
 */
export async function guardKustomization(root: string, directory: string, allowRemote: boolean): Promise<void> {
  await guardDirectory({ root, allowRemote, seen: new Set() }, directory);
}

async function guardDirectory(guard: Guard, directory: string): Promise<void> {
  if (guard.seen.has(directory)) return;
  guard.seen.add(directory);
  if (guard.seen.size > maxKustomizations) {
    throw new Failure(
      'user',
      `Cannot build "${nameIn(guard.root, directory)}": more than ${maxKustomizations} kustomizations`,
    );
  }
  for (const name of kustomizationNames) {
    const file = join(directory, name);
    const status = await stat(file).catch(() => undefined);
    if (status?.isFile()) await guardFile(guard, directory, nameIn(guard.root, file));
  }
}

async function guardFile(guard: Guard, directory: string, name: string): Promise<void> {
  const file = await resolveInside(guard.root, name);
  for (const { value } of readYaml(await readBounded(file, name), name))
    await guardValue(guard, directory, name, value);
}

async function guardValue(guard: Guard, directory: string, name: string, value: Json): Promise<void> {
  for (const { field, entry } of entriesOf(value)) {
    if (/^(?:[^=]*=)?https?:/i.test(entry)) refuseRemote(guard, name, entry);
    else if (entryFields.has(field)) await guardEntry(guard, directory, name, field, entry);
  }
}

/** An entry that is a directory is a kustomization of its own; one that is not there is either remote or a mistake. */
async function guardEntry(guard: Guard, directory: string, name: string, field: string, entry: string): Promise<void> {
  if (entry.includes('\n')) {
    for (const { value } of readYaml(entry, name)) await guardValue(guard, directory, name, value);
    return;
  }
  const path = join(directory, entry);
  const status = await stat(path).catch(() => undefined);
  if (!status && looksRemote(entry)) return refuseRemote(guard, name, entry);
  const real = await resolveInside(guard.root, entry.startsWith('/') ? entry : nameIn(guard.root, path)).catch(
    (error: unknown) => {
      const state = error instanceof Failure ? error.message.replace(/^.*": /, '') : String(error);
      throw new Failure('user', `Cannot build "${name}": its entry "${entry}" cannot be used: ${state}`, {
        cause: error,
      });
    },
  );
  if (status?.isDirectory()) await guardDirectory(guard, real);
  else if (pluginFields.has(field)) await guardFile(guard, directory, nameIn(guard.root, real));
}

/** What kustomize would clone: `github.com/…`, `git@host:…`, `git::…`, `ssh://…`, `…?ref=…`. */
function looksRemote(entry: string): boolean {
  return /:\/\/|^git::|^[^/]+@[^/]+:|\?(?:ref|timeout|submodules|version)=|^(?:github|gitlab|bitbucket)\.|\.git(?:\/|$)|[^/]\/\//.test(
    entry,
  );
}

function refuseRemote(guard: Guard, name: string, entry: string): void {
  if (guard.allowRemote) return;
  throw new Failure('user', `Cannot build "${name}": its entry "${withoutPassword(entry)}" is remote`, {
    help: 'Copy the base into the repository, or set allowRemoteBases: true on the target',
    code: 'Remote',
  });
}

function withoutPassword(address: string): string {
  return address.replace(/\/\/[^/@]*@/, '//');
}

interface Entry {
  readonly field: string;
  readonly entry: string;
}

function entriesOf(value: Json | undefined, field = ''): readonly Entry[] {
  if (typeof value === 'string') return fileFields.has(field) ? [{ field, entry: value }] : [];
  if (Array.isArray(value)) return value.flatMap((item: Json) => entriesOf(item, field));
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => entriesOf(inner, key));
}
