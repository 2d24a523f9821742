import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, Scalar, type YAMLMap } from 'yaml';
import type { Json } from '../domain/objects/kube-object.ts';
import { keyOf, resolveScalar, type Scalar as ScalarValue } from './yaml-scalar.ts';

/** A node that Kubernetes would refuse, and where in the text. */
export class UnreadableNode extends Error {
  override readonly name = 'UnreadableNode';
  readonly offset: number;

  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

/** Nodes that aliases may add to one document. go-yaml also refuses "excessive aliasing", from 400,000 on. */
const maxAliasedNodes = 100_000;
const maxDepth = 500;

interface Reading {
  readonly anchors: Map<string, Node>;
  /** Anchored nodes that are being read: an alias to one of them would never end. */
  readonly open: Set<Node>;
  aliased: number;
  inAlias: number;
  depth: number;
}

/** The value of a document as sigs.k8s.io/yaml makes it. Throws UnreadableNode. */
export function documentValue(document: Document.Parsed): Json {
  return nodeValue(document.contents, { anchors: new Map(), open: new Set(), aliased: 0, inAlias: 0, depth: 0 });
}

function nodeValue(node: Node | null, reading: Reading): Json {
  if (node === null) return null;
  if (reading.inAlias > 0 && ++reading.aliased > maxAliasedNodes) {
    throw new UnreadableNode(offsetOf(node), `aliases make more than ${maxAliasedNodes} values`);
  }
  if (isAlias(node)) return aliasedValue(node.source, node, reading);
  const anchored = 'anchor' in node && node.anchor !== undefined;
  if (anchored) reading.anchors.set(String(node.anchor), node);
  if (isScalar(node)) return finite(scalarValue(node), node);
  if (++reading.depth > maxDepth) throw new UnreadableNode(offsetOf(node), `nested more than ${maxDepth} deep`);
  if (anchored) reading.open.add(node);
  const value = isMap(node) ? mapValue(node, reading) : isSeq(node) ? sequenceValue(node.items, reading) : null;
  reading.open.delete(node);
  reading.depth--;
  return value;
}

function aliasedValue(anchor: string, alias: Node, reading: Reading): Json {
  const node = reading.anchors.get(anchor);
  if (!node) throw new UnreadableNode(offsetOf(alias), 'an alias without an anchor before it');
  if (reading.open.has(node)) throw new UnreadableNode(offsetOf(alias), 'an anchor that contains itself');
  reading.inAlias++;
  const value = nodeValue(node, reading);
  reading.inAlias--;
  return value;
}

function sequenceValue(items: readonly unknown[], reading: Reading): Json {
  return items.map((item) => nodeValue(item as Node | null, reading));
}

/** Of keys that repeat the last one wins, also over and under what `<<` brings: go-yaml v2 goes by position. */
function mapValue(map: YAMLMap, reading: Reading): Json {
  const object: Record<string, Json> = {};
  for (const pair of map.items as readonly Pair<Node, Node | null>[]) {
    if (isMergeKey(pair.key)) merge(object, pair, reading);
    else setKey(object, keyText(pair.key, reading), nodeValue(pair.value, reading));
  }
  return object;
}

function isMergeKey(key: Node): boolean {
  if (!isScalar(key) || key.source !== '<<') return false;
  return (key.type === Scalar.PLAIN && key.tag === undefined) || key.tag === 'tag:yaml.org,2002:merge';
}

function merge(object: Record<string, Json>, pair: Pair<Node, Node | null>, reading: Reading): void {
  const value = nodeValue(pair.value, reading);
  // Earlier entries of a list win.
  const sources = Array.isArray(value) ? [...value].reverse() : [value];
  for (const source of sources) {
    if (source === null || typeof source !== 'object' || Array.isArray(source)) {
      throw new UnreadableNode(offsetOf(pair.key), '<< needs a map or a list of maps');
    }
    for (const [key, merged] of Object.entries(source as Record<string, Json>)) setKey(object, key, merged);
  }
}

function keyText(node: Node, reading: Reading): string {
  const key = isScalar(node) ? scalarValue(node) : nodeValue(node, reading);
  if (isScalar(node) && node.anchor !== undefined) reading.anchors.set(node.anchor, node);
  if (key !== null && typeof key === 'object') {
    const hint = isMap(node) && node.flow ? '; if {{ }} is meant as a template, render or quote it' : '';
    throw new UnreadableNode(offsetOf(node), `a key is a list or a map${hint}`);
  }
  return atNode(node, () => keyOf(key));
}

const tagPrefix = 'tag:yaml.org,2002:';

function scalarValue(node: Scalar): ScalarValue {
  const text = node.source ?? '';
  if (node.tag === undefined) return node.type === Scalar.PLAIN ? atNode(node, () => resolveScalar(text)) : text;
  if (!node.tag.startsWith(tagPrefix)) return text;
  return taggedValue(node.tag.slice(tagPrefix.length), text, node);
}

function taggedValue(tag: string, text: string, node: Scalar): ScalarValue {
  if (tag === 'binary') return decodeBinary(text, node);
  if (tag !== 'int' && tag !== 'float' && tag !== 'bool' && tag !== 'null') return text;
  const value = atNode(node, () => resolveScalar(text));
  const fits =
    tag === 'int'
      ? typeof value === 'number' && !float.test(text)
      : tag === 'float'
        ? typeof value === 'number'
        : tag === 'bool'
          ? typeof value === 'boolean'
          : value === null;
  if (!fits) throw new UnreadableNode(offsetOf(node), `the value is no !!${tag}`);
  return value;
}

const float = /^[^xX]*[.eE]/;

function decodeBinary(text: string, node: Scalar): string {
  const encoded = text.replaceAll(/[\r\n]/g, '');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(encoded)) {
    throw new UnreadableNode(offsetOf(node), 'the value of !!binary is not base64');
  }
  return Buffer.from(encoded, 'base64').toString('utf8');
}

function finite(value: ScalarValue, node: Scalar): ScalarValue {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  throw new UnreadableNode(offsetOf(node), 'JSON has no infinity and no NaN; quote it if it is a text');
}

function atNode<T>(node: Node, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof RangeError) throw new UnreadableNode(offsetOf(node), error.message);
    throw error;
  }
}

function offsetOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

/** Sets an own property, also for the key `__proto__`. */
export function setKey(object: Record<string, Json>, key: string, value: Json): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else object[key] = value;
}
