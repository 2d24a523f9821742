import { isMap, isScalar, type Node, type YAMLMap } from 'yaml';
import { Failure } from '../domain/failure.ts';
import type { AnnotationChanges } from '../domain/images/policies.ts';
import { fieldAt } from '../domain/objects/field-at.ts';
import type { Json } from '../domain/objects/kube-object.ts';
import { formatWorkloadId } from '../domain/release/workload-id.ts';
import { editText, type TextEdit } from './edit-text.ts';
import { findNode, ownPair } from './find-node.ts';
import { findObjects, type PlacedObject } from './find-object.ts';
import { hasValues } from './has-values.ts';
import { columnOf, editMap, entryEnd, insertLines, linesOf, type MapChange } from './map-edits.ts';
import { withValue } from './same-json.ts';
import { scalarEdits } from './scalar-edits.ts';
import type { WorkloadPlace } from './set-images.ts';
import { cannotEdit, parseYamlFile, type YamlFile } from './yaml-file.ts';

/**
 * The text of a manifest file with annotations of one object set and removed (undefined): a value that is there is changed in place, a new one goes
 * behind the last, in the layout that is there; with the last annotation the map goes too (facts/flux-v1.md §2.1). Throws a `missing` Failure if
 * the object is not in the file, a `user` one if the file cannot be edited without changing anything else.
 */
export function setAnnotations(
  text: string,
  name: string,
  { workload, namespace = 'default' }: WorkloadPlace,
  changes: AnnotationChanges,
): string {
  const file = parseYamlFile(text, name);
  const [placed] = findObjects(file, workload, namespace);
  if (placed === undefined) {
    const id = formatWorkloadId(workload);
    throw new Failure('missing', `Cannot edit "${name}": manifest not found: "${id}" is not in it`);
  }
  const before = annotationsOf(file, placed);
  const needed = new Map(
    [...changes].filter(([key, value]) => (value === undefined ? Object.hasOwn(before, key) : before[key] !== value)),
  );
  if (needed.size === 0) return text;
  const after = applyChanges(before, needed);
  const edited = editText(text, editsFor(file, placed, before, after, needed));
  if (hasValues(edited, name, valuesWith(file, placed, after))) return edited;
  throw cannotEdit(file, 'metadata.annotations', 'a change would also change something else');
}

type Values = Readonly<Record<string, Json>>;

function annotationsOf(file: YamlFile, { document, path }: PlacedObject): Values {
  const value = fieldAt(file.documents[document]?.value, [...path, 'metadata', 'annotations']);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : {};
}

function applyChanges(before: Values, changes: AnnotationChanges): Values {
  const kept = Object.entries(before).filter(([key]) => !changes.has(key));
  const set = [...changes].filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries([...kept, ...set]);
}

function valuesWith(file: YamlFile, { document, path }: PlacedObject, after: Values): readonly Json[] {
  const metadataPath = [...path, 'metadata'];
  return file.documents.map(({ value }, index) => {
    if (index !== document) return value;
    const { annotations: _, ...rest } = fieldAt(value, metadataPath) as Values;
    const metadata = Object.keys(after).length === 0 ? rest : { ...rest, annotations: after };
    return withValue(value, metadataPath, metadata);
  });
}

function editsFor(
  file: YamlFile,
  placed: PlacedObject,
  before: Values,
  after: Values,
  changes: AnnotationChanges,
): readonly TextEdit[] {
  const metadata = mapAt(file, placed, ['metadata']);
  const map = mapAt(file, placed, ['metadata', 'annotations']);
  if (metadata === undefined) throw cannotEdit(file, 'metadata', 'it is not written as a map');
  const step = stepOf(file, placed, metadata);
  if (Object.keys(after).length === 0) return edit(file, metadata, { add: [], remove: new Set(['annotations']) }, step);
  const add = [...changes].filter((entry): entry is [string, string] => {
    return entry[1] !== undefined && !Object.hasOwn(before, entry[0]);
  });
  if (map === undefined) return newMap(file, metadata, add, step);
  const remove = new Set([...changes].filter(([, value]) => value === undefined).map(([key]) => key));
  return [...replaced(file, placed, before, changes), ...edit(file, map, { add, remove }, step)];
}

function mapAt(file: YamlFile, { document, path }: PlacedObject, below: readonly string[]): YAMLMap | undefined {
  const root = file.documents[document]?.document;
  const node = root && findNode(root, [...path, ...below])?.node;
  return isMap(node) ? node : undefined;
}

function edit(file: YamlFile, map: YAMLMap, change: MapChange, step: number): readonly TextEdit[] {
  const edits = editMap(file.text, map, change, step);
  if (edits === undefined) throw cannotEdit(file, 'metadata', 'an entry shares its line with something else');
  return edits;
}

function replaced(
  file: YamlFile,
  { document, path }: PlacedObject,
  before: Values,
  changes: AnnotationChanges,
): readonly TextEdit[] {
  const scalars = [...changes].flatMap(([key, value]) => {
    if (value === undefined || !Object.hasOwn(before, key)) return [];
    return [{ document, path: [...path, 'metadata', 'annotations', key], value }];
  });
  return scalarEdits(file, scalars, { sharing: 'apart', replaceBlocks: true }) ?? [];
}

/** `annotations:` is not there, or holds nothing. */
function newMap(
  file: YamlFile,
  metadata: YAMLMap,
  added: readonly (readonly [string, string])[],
  step: number,
): readonly TextEdit[] {
  const { text } = file;
  const pair = ownPair(metadata, 'annotations');
  if (pair === undefined) return edit(file, metadata, { add: [['annotations', added]], remove: new Set() }, step);
  const value: Node | null = pair.value;
  if (metadata.flow || (value !== null && !isEmptyScalar(value))) {
    throw cannotEdit(file, 'metadata.annotations', 'it is not written as a map');
  }
  const indent = columnOf(text, pair.key) + step;
  return [insertLines(text, entryEnd(text, pair), linesOf(added, indent, step))];
}

function isEmptyScalar(node: Node): boolean {
  return isScalar(node) && node.source === '';
}

/** How much further in a map within a map begins: as `metadata` within its object. */
function stepOf(file: YamlFile, placed: PlacedObject, metadata: YAMLMap): number {
  const object = mapAt(file, placed, []);
  const own = object && ownPair(object, 'metadata');
  const [first] = metadata.items as { key: Node }[];
  if (own === undefined || first === undefined || metadata.flow) return 2;
  const step = columnOf(file.text, first.key) - columnOf(file.text, own.key);
  return step > 0 ? step : 2;
}
