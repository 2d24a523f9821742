import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../domain/failure.ts';
import type { Json } from '../domain/objects/kube-object.ts';
import { nameIn, resolveInside } from './checkout-path.ts';
import { isFile, readBounded } from './read-bounded.ts';
import { readYaml } from './read-yaml.ts';

export const kustomizationNames: readonly string[] = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'];

/*
 * Fields in lower case: kustomize takes them in any case.
 */

/** Fields whose entries are files, or directories that are built in turn: kustomize takes a directory from anywhere, also outside of the checkout. */
const entryFields: ReadonlySet<string> = new Set(['resources', 'bases', 'components']);
/** The same for configurations of plugins, which may be inline. */
const pluginFields: ReadonlySet<string> = new Set(['generators', 'transformers', 'validators']);
/** Other fields, at any depth, that hold paths of files. Those outside of the kustomization's own directory are refused by kustomize, but any may be a URL. */
const fileFields: ReadonlySet<string> = new Set([
  'configurations',
  'crds',
  'env',
  'envs',
  'files',
  'patchesstrategicmerge',
  'path',
  'paths',
  'targetfilepath',
]);

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
export function guardKustomization(root: string, directory: string, allowRemote: boolean): void {
  guardDirectory({ root, allowRemote, seen: new Set() }, directory, false);
}

/** `ofPlugins`: what the directory builds are configurations of plugins, whose files have to be looked into. */
function guardDirectory(guard: Guard, directory: string, ofPlugins: boolean): void {
  const visit = `${ofPlugins} ${directory}`;
  if (guard.seen.has(visit)) return;
  guard.seen.add(visit);
  if (guard.seen.size > maxKustomizations) {
    const name = nameIn(guard.root, directory);
    throw new Failure('user', `Cannot build "${name}": more than ${maxKustomizations} kustomizations`);
  }
  for (const file of kustomizationNames) {
    const path = join(directory, file);
    if (isFile(path)) guardFile(guard, { directory, name: nameIn(guard.root, path), ofPlugins });
  }
}

/** A file that is being looked at: a kustomization, and what it builds. */
interface GuardedFile {
  readonly directory: string;
  readonly name: string;
  readonly ofPlugins: boolean;
}

function guardFile(guard: Guard, file: GuardedFile): void {
  for (const value of valuesOf(guard, file.name)) {
    for (const { field, entry } of entriesOf(value)) {
      refuseUrl(guard, file.name, entry);
      if (entryFields.has(field)) guardEntry(guard, file, entry, file.ofPlugins);
      else if (pluginFields.has(field)) guardEntry(guard, file, entry, true);
    }
  }
}

/** The configuration of a plugin names files, and nothing that is built in turn. */
function guardPlugin(guard: Guard, name: string, values: readonly Json[]): void {
  for (const { entry } of values.flatMap((value) => entriesOf(value))) refuseUrl(guard, name, entry);
}

function valuesOf(guard: Guard, name: string): readonly Json[] {
  return readYaml(readBounded(resolveInside(guard.root, name), name), name).map(({ value }) => value);
}

/** An entry that is a directory is a kustomization of its own; one that is not there is either remote or a mistake. */
function guardEntry(guard: Guard, { directory, name }: GuardedFile, entry: string, ofPlugins: boolean): void {
  if (ofPlugins && entry.includes('\n')) {
    guardPlugin(
      guard,
      name,
      readYaml(entry, name).map(({ value }) => value),
    );
    return;
  }
  const status = statSync(join(directory, entry), { throwIfNoEntry: false });
  if (isUrl(entry) || (!status && looksRemote(entry))) {
    refuseRemote(guard, name, entry);
    return;
  }
  const real = resolveEntry(guard, directory, name, entry);
  if (status?.isDirectory()) guardDirectory(guard, real, ofPlugins);
  else if (ofPlugins) guardPlugin(guard, nameIn(guard.root, real), valuesOf(guard, nameIn(guard.root, real)));
}

function isUrl(entry: string): boolean {
  return /^(?:[^=]*=)?https?:/i.test(entry);
}

function refuseUrl(guard: Guard, name: string, entry: string): void {
  if (isUrl(entry)) refuseRemote(guard, name, entry);
}

function resolveEntry(guard: Guard, directory: string, name: string, entry: string): string {
  try {
    return resolveInside(guard.root, entry.startsWith('/') ? entry : nameIn(guard.root, join(directory, entry)));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const state = error.message.replace(/^.*": /, '');
    throw new Failure('user', `Cannot build "${name}": its entry "${entry}" cannot be used: ${state}`, {
      cause: error,
    });
  }
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
  if (typeof value === 'string') return namesFiles(field) ? [{ field, entry: value }] : [];
  if (Array.isArray(value)) return value.flatMap((item: Json) => entriesOf(item, field));
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => entriesOf(inner, key.toLowerCase()));
}

function namesFiles(field: string): boolean {
  return entryFields.has(field) || pluginFields.has(field) || fileFields.has(field);
}
