import { Failure } from '../domain/failure.ts';
import type { Json, KubeObject, Manifest } from '../domain/objects/kube-object.ts';
import type { Rendered } from '../domain/objects/rendered.ts';
import { readYaml } from './read-yaml.ts';

export interface ReadOptions {
  /** Documents without `kind`: left out with a warning, since other YAML lies beside manifests, or refused. What looks like an object always is. */
  readonly withoutKind: 'warn' | 'refuse';
}

/** A document or an item of a List, with `kind` and `metadata.name`. */
interface NamedObject {
  readonly kind: string;
  readonly metadata: { readonly [field: string]: Json | undefined; readonly name: string };
  readonly [field: string]: Json | undefined;
}

interface FoundObject {
  readonly object: NamedObject;
  readonly line: number;
}

/**
 * No object has longer ones (RFC 1123; a CRD's kind is a label, too). They go into addresses, ids, runs and the inventory, and the server's
 * answer to a whole text as a name quotes all of it.
 */
const longest = { apiVersion: 253 + 1 + 63, kind: 63, 'metadata.name': 253, 'metadata.namespace': 63 };

function checkLength(value: Json | undefined, field: keyof typeof longest, refuseIt: Refuse): void {
  if (typeof value !== 'string' || value.length <= longest[field]) return;
  throw refuseIt(`${field} has ${value.length} characters, more than ${longest[field]}`);
}

type JsonMap = { readonly [key: string]: Json | undefined };

/**
 * The objects of a text: Lists expanded, empty documents left out (facts/flux-v1.md §1.4). Throws a `user` Failure that names `file` and
 * line for what is no object, has no apiVersion or name, or is encrypted with SOPS.
 */
export function readManifests(source: string | Uint8Array, file: string, options: ReadOptions): Rendered {
  const warnings: string[] = [];
  const manifests = readObjects(source, file, options, warnings).map(({ object, line }): Manifest => {
    if (typeof object.apiVersion !== 'string' || object.apiVersion === '') {
      throw refuse(file, line, `the ${object.kind} "${object.metadata.name}" has no apiVersion`);
    }
    // Labels and annotations are checked to be texts; the rest of KubeObject is as open as JSON.
    return { object: object as unknown as KubeObject, file, line };
  });
  return { manifests, warnings };
}

/** The objects that a tool printed; `file` is what messages call its output. */
export function readPrinted(source: string | Uint8Array, file: string): Rendered {
  const { manifests, warnings } = readManifests(source, file, { withoutKind: 'refuse' });
  return { manifests: manifests.map(({ object }) => ({ object, file })), warnings };
}

/** As `readManifests`, but an apiVersion may lack: Flux v1 knows objects without it, too. */
export function readObjects(
  source: string | Uint8Array,
  file: string,
  options: ReadOptions,
  warnings: string[],
): readonly FoundObject[] {
  return readYaml(source, file).flatMap(({ value, line }) => {
    if (!isMap(value))
      throw refuse(file, line, `the document is a ${Array.isArray(value) ? 'list' : 'scalar'}, not an object`);
    if (value.kind === undefined || value.kind === null) {
      if (options.withoutKind === 'refuse') throw refuse(file, line, 'the document has no kind');
      // Flux v1 leaves it out, too; but what lost its kind by a slip would be deleted from the cluster.
      if (typeof value.apiVersion === 'string' && isMap(value.metadata)) {
        throw refuse(
          file,
          line,
          'the document has apiVersion and metadata, and no kind',
          'Give it a kind, or remove it',
        );
      }
      warnings.push(`"${file}" line ${line} was left out: the document has no kind`);
      return [];
    }
    return expand(value, 0, (state, help) => refuse(file, line, state, help)).map((object) => ({ object, line }));
  });
}

type Refuse = (state: string, help?: string) => Failure;

const maxListDepth = 8;

/** The object itself, or the items of a List; items take kind and apiVersion from a typed list, as kubectl does. */
function expand(value: JsonMap, depth: number, refuseIt: Refuse): readonly NamedObject[] {
  const { kind, items } = value;
  if (typeof kind !== 'string' || kind === '') throw refuseIt('kind is not a text');
  checkLength(kind, 'kind', refuseIt);
  checkLength(value.apiVersion, 'apiVersion', refuseIt);
  if (!kind.endsWith('List') || (kind !== 'List' && !Array.isArray(items))) return [named(value, kind, refuseIt)];
  if (depth === maxListDepth) throw refuseIt(`Lists nested more than ${maxListDepth} deep`);
  if (items === undefined || items === null) return [];
  if (!Array.isArray(items)) throw refuseIt(`items of the ${kind} is not a list`);
  const itemKind = kind.slice(0, -'List'.length);
  return items.flatMap((item: Json, index) => {
    const refuseItem: Refuse = (state, help) => refuseIt(`item ${index + 1} of the ${kind}: ${state}`, help);
    if (!isMap(item)) throw refuseItem('not an object');
    const inherited = itemKind === '' ? {} : { kind: itemKind, apiVersion: value.apiVersion };
    const { kind: own } = item;
    if (own === undefined && itemKind === '') throw refuseItem('no kind');
    return expand(own === undefined ? { ...inherited, ...item } : item, depth + 1, refuseItem);
  });
}

function named(value: JsonMap, kind: string, refuseIt: Refuse): NamedObject {
  if (isSopsEncrypted(value)) {
    throw refuseIt(
      `the ${kind} is encrypted with SOPS`,
      'Sluice cannot decrypt SOPS files yet; use a SealedSecret or an ExternalSecret',
    );
  }
  const { metadata } = value;
  const name = isMap(metadata) ? metadata.name : undefined;
  if (!isMap(metadata) || name === undefined || name === null || name === '') {
    if (isMap(metadata) && metadata.generateName !== undefined) {
      throw refuseIt(
        `the ${kind} has generateName and no name`,
        'Give it metadata.name: each sync would create it once more',
      );
    }
    throw refuseIt(`the ${kind} has no metadata.name`);
  }
  if (typeof name !== 'string') throw refuseIt(`metadata.name of the ${kind} is not a text; quote it`);
  checkLength(name, 'metadata.name', refuseIt);
  const { namespace, ...others } = metadata;
  if (namespace !== undefined && namespace !== null && typeof namespace !== 'string') {
    throw refuseIt(`metadata.namespace of the ${kind} "${name}" is not a text; quote it`);
  }
  checkLength(namespace, 'metadata.namespace', refuseIt);
  for (const field of ['labels', 'annotations'])
    checkTexts(metadata[field], `${field} of the ${kind} "${name}"`, refuseIt);
  const kept = namespace === undefined || namespace === null || namespace === '' ? {} : { namespace };
  return { ...value, kind, metadata: { ...others, ...kept, name } };
}

/** `true` and `8080` are common mistakes, and the API server's answer to them names no file. */
function checkTexts(value: Json | undefined, what: string, refuseIt: Refuse): void {
  if (value === undefined || value === null) return;
  if (!isMap(value)) throw refuseIt(`${what} are not a map`);
  const wrong = Object.entries(value).find(([, text]) => typeof text !== 'string' && text !== null);
  if (wrong) throw refuseIt(`"${wrong[0]}" in the ${what} is not a text; quote it`);
}

/** The metadata that SOPS adds to a file it has encrypted. */
function isSopsEncrypted({ sops }: JsonMap): boolean {
  return isMap(sops) && typeof sops.mac === 'string';
}

function isMap(value: Json | undefined): value is JsonMap {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function refuse(file: string, line: number, state: string, help?: string): Failure {
  return new Failure('user', `Cannot read "${file}": line ${line}: ${state}`, {
    code: 'Unreadable',
    ...(help !== undefined && { help }),
  });
}
