import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';
import type { Path } from '../domain/objects/field-at.ts';

/** The node that holds the value at a path. */
export interface FoundNode {
  /** An alias is not followed here; null is a value that is not even written. */
  readonly node: Node | null;
  /** In a flow collection: `{image: a:1}`. */
  readonly inFlow: boolean;
  /** The map or list that holds it, and under which key; null at the top. */
  readonly parent: Node | null;
  readonly key: string | number;
  /** Not brought by `<<`. */
  readonly isOwn: boolean;
}

type NodePair = Pair<Node, Node | null>;

/** Undefined where the path leads nowhere. Aliases and `<<` on the way are followed; of keys that repeat the last one counts, as for go-yaml. */
export function findNode(document: Document.Parsed, path: Path): FoundNode | undefined {
  let found: FoundNode = { node: document.contents, inFlow: false, parent: null, key: '', isOwn: true };
  for (const key of path) {
    const inside = follow(document, found.node);
    const next = isMap(inside)
      ? heldBy(document, inside, String(key))
      : isSeq(inside) && typeof key === 'number'
        ? (inside.items[key] as Node | null | undefined)
        : undefined;
    if (next === undefined) return undefined;
    const isOwn = !isMap(inside) || ownPair(inside, String(key)) !== undefined;
    const inFlow = found.inFlow || ((isMap(inside) || isSeq(inside)) && inside.flow === true);
    found = { node: next, inFlow, parent: inside, key, isOwn };
  }
  return found;
}

/** What an alias stands for; other nodes themselves. */
export function follow(document: Document.Parsed, node: Node | null): Node | null {
  return isAlias(node) ? (node.resolve(document) ?? null) : node;
}

/** The value of a key, its own or one that `<<` brings; null is a value, undefined none. */
function heldBy(document: Document.Parsed, map: YAMLMap, key: string): Node | null | undefined {
  for (const pair of [...(map.items as NodePair[])].reverse()) {
    if (isKey(pair, key)) return pair.value;
    if (!isKey(pair, '<<')) continue;
    const merged = mergedValue(document, follow(document, pair.value), key);
    if (merged !== undefined) return merged;
  }
  return undefined;
}

function mergedValue(document: Document.Parsed, source: Node | null, key: string): Node | null | undefined {
  if (isMap(source)) return heldBy(document, source, key);
  if (!isSeq(source)) return undefined;
  for (const item of source.items as (Node | null)[]) {
    const merged = mergedValue(document, follow(document, item), key);
    if (merged !== undefined) return merged;
  }
  return undefined;
}

function isKey(pair: NodePair, key: string): boolean {
  return isScalar(pair.key) && String(pair.key.value) === key;
}

/** The pair of a map's own key; the last one, if it repeats. */
export function ownPair(map: YAMLMap, key: string): NodePair | undefined {
  return (map.items as NodePair[]).findLast((pair) => isKey(pair, key));
}
