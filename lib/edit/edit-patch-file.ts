import { type Document, Scalar } from 'yaml';
import { Failure } from '../domain/failure.ts';
import { containersOf, writesOf } from '../domain/images/containers.ts';
import type { ImageRef } from '../domain/images/image-ref.ts';
import type { AnnotationChanges } from '../domain/images/policies.ts';
import { fieldAt, type Path } from '../domain/objects/field-at.ts';
import { idOf, type Json, type KubeObject, type Manifest } from '../domain/objects/kube-object.ts';
import { patchManifests } from '../render/patch-manifests.ts';
import { objectsIn } from './find-object.ts';
import { sameJson } from './same-json.ts';
import { setScalars } from './set-scalars.ts';
import { writeScalar } from './write-scalar.ts';
import { cannotEdit, parseYamlFile, type YamlFile } from './yaml-file.ts';

/** What is to become of a generated object. */
export interface PatchEdit {
  readonly images: ReadonlyMap<string, ImageRef>;
  readonly annotations: AnnotationChanges;
}

interface PatchWrite {
  readonly path: Path;
  /** Null removes: so do both kinds of merge. */
  readonly value: string | null;
}

/**
 * The text of a `patchFile` (facts/flux-v1.md §1.7; empty where there is none yet) that makes more changes to a generated object: `generated` is
 * what the generators make of it, its namespace as they write it. A value that the patch has is changed in place; else the patch of this one object
 * is printed anew, or one added, and the others stay as they are. Generated, with the patch, has to be what is meant. Throws a `missing` Failure
 * for a container that is not there, a `user` one if the file cannot be edited.
 */
export function editPatchFile(text: string, name: string, generated: KubeObject, edit: PatchEdit): string {
  const file = parseYamlFile(text, name);
  const before = patched(file, generated);
  const writes = writesFor(before, edit, name);
  const edited = inPlace(file, generated, writes) ?? printed(file, generated, writes);
  const wanted = withWrites(before, writes);
  if (sameJson(wanted, withoutEmpty(patched(parseYamlFile(edited, name), generated) as unknown as Json))) return edited;
  throw cannotEdit(file, idOf(generated), 'the patch would not make what is meant');
}

function patched(file: YamlFile, generated: KubeObject): KubeObject {
  const patches = patchesOf(file, generated).map(({ object }): Manifest => ({ object, file: file.name }));
  return patchManifests([{ object: generated, file: file.name }], patches)[0]?.object ?? generated;
}

function patchesOf(file: YamlFile, generated: KubeObject) {
  return objectsIn(file).filter(({ object }) => idOf(object) === idOf(generated));
}

function writesFor(object: KubeObject, { images, annotations }: PatchEdit, file: string): readonly PatchWrite[] {
  const writes: PatchWrite[] = [];
  for (const [name, image] of images) {
    const container = containersOf(object).find((one) => one.name === name);
    if (container === undefined) {
      throw new Failure(
        'missing',
        `Cannot edit "${file}": manifest not found: "${idOf(object)}" has no container "${name}"`,
      );
    }
    writes.push(...writesOf(container, image).map(({ path, value }) => ({ path: byName(object, path), value })));
  }
  for (const [key, value = null] of annotations) writes.push({ path: ['metadata', 'annotations', key], value });
  return writes;
}

/** Items of merged lists go by their names, not by where they are: `name=app` instead of 0. */
function byName(object: KubeObject, path: Path): Path {
  return path.map((key, index) => {
    return typeof key === 'number' ? `name=${fieldAt(object, [...path.slice(0, index + 1), 'name'])}` : key;
  });
}

/** The path within a value, where it leads as far as that; the rest stays by name. */
function resolve(value: Json | undefined, path: Path): Path {
  const resolved: (string | number)[] = [];
  for (const key of path) {
    const here = fieldAt(value, resolved);
    const index = Array.isArray(here)
      ? here.findIndex((item: unknown) => `name=${fieldAt(item, ['name'])}` === key)
      : -1;
    resolved.push(index < 0 ? key : index);
  }
  return resolved;
}

/** Undefined where the patch does not have all of the values yet. */
function inPlace(file: YamlFile, generated: KubeObject, writes: readonly PatchWrite[]): string | undefined {
  const patch = patchesOf(file, generated).at(-1);
  if (patch === undefined) return undefined;
  const changes = writes.map(({ path, value }) => {
    return { document: patch.document, path: resolve(file.documents[patch.document]?.value, path), value: value ?? '' };
  });
  const isThere = changes.every(({ document, path }) => fieldAt(file.documents[document]?.value, path) !== undefined);
  return isThere && writes.every(({ value }) => value !== null) ? setScalars(file, changes) : undefined;
}

function printed(file: YamlFile, generated: KubeObject, writes: readonly PatchWrite[]): string {
  const patch = patchesOf(file, generated).at(-1);
  const document = patch && file.documents[patch.document]?.document;
  if (document === undefined) {
    const { text } = file;
    const added = parseYamlFile(`${header(generated)}\n`, file.name).documents[0]?.document;
    if (added === undefined) throw cannotEdit(file, idOf(generated), 'no patch can be written');
    return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}---\n${print(added, writes)}`;
  }
  const parts = file.text.split(/^(?=---(?:\s|$))/m);
  const at = parts.findIndex((part) =>
    sameJson(parseYamlFile(part, file.name).documents[0]?.value, file.documents[patch?.document ?? 0]?.value),
  );
  if (at < 0) throw cannotEdit(file, idOf(generated), 'its patch cannot be told from the others');
  const marker = /^---.*\r?\n/.exec(parts[at] ?? '')?.[0] ?? '';
  return parts.with(at, marker + print(document, writes)).join('');
}

function header({ apiVersion, kind, metadata: { name, namespace } }: KubeObject): string {
  const written = (value: string) => writeScalar(value, { style: 'plain', inFlow: false });
  const lines = [
    `apiVersion: ${written(apiVersion)}`,
    `kind: ${written(kind)}`,
    'metadata:',
    `  name: ${written(name)}`,
    ...(namespace === undefined ? [] : [`  namespace: ${written(namespace)}`]),
  ];
  return lines.join('\n');
}

/** Comments stay; the layout becomes the printer's. */
function print(document: Document.Parsed, writes: readonly PatchWrite[]): string {
  const copy = document.clone() as unknown as Document;
  for (const { path, value } of writes) setIn(copy, path, value);
  return `${String(copy)
    .replace(/^---[ \t]*\n/, '')
    .trimEnd()}\n`;
}

function setIn(document: Document, path: Path, value: string | null): void {
  const values = document.toJS() as Json;
  const resolved = resolve(values, path);
  const item = resolved.findIndex((key) => typeof key === 'string' && key.startsWith('name='));
  if (item < 0) {
    document.setIn(resolved, scalar(value));
    return;
  }
  const list = fieldAt(values, resolved.slice(0, item));
  const index = Array.isArray(list) ? list.length : 0;
  if (index === 0) document.setIn(resolved.slice(0, item), document.createNode([]));
  document.addIn(
    resolved.slice(0, item),
    document.createNode({ name: scalar(String(resolved[item]).slice('name='.length)) }),
  );
  document.setIn([...resolved.slice(0, item), index, ...resolved.slice(item + 1)], scalar(value));
}

function scalar(value: string | null): Scalar {
  // To the parser's schema everything is text: what is not quoted is for the reader to understand.
  const node = new Scalar(value ?? 'null');
  if (value !== null && writeScalar(value, { style: 'plain', inFlow: false }) !== value)
    node.type = Scalar.QUOTE_SINGLE;
  return node;
}

function withWrites(object: KubeObject, writes: readonly PatchWrite[]): Json {
  const copy = structuredClone(object) as unknown as Json;
  for (const { path, value } of writes) {
    const resolved = resolve(copy, path);
    let map = copy as Record<string | number, Json>;
    for (const key of resolved.slice(0, -1)) {
      map[key] ??= {};
      map = map[key] as Record<string | number, Json>;
    }
    const last = resolved.at(-1) ?? '';
    if (value === null) delete map[last];
    else map[last] = value;
  }
  return withoutEmpty(copy);
}

/** An empty map of annotations is none. */
function withoutEmpty(object: Json): Json {
  const { metadata } = object as { metadata: Readonly<Record<string, Json>> };
  const { annotations, ...rest } = metadata;
  const isEmpty = annotations === undefined || Object.keys(annotations as object).length === 0;
  return { ...(object as object), metadata: isEmpty ? rest : metadata } as Json;
}
