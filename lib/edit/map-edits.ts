import { isMap, isScalar, isSeq, type Node, type Pair, Scalar, type YAMLMap } from 'yaml';
import type { TextEdit } from './edit-text.ts';
import { writeScalar } from './write-scalar.ts';

type NodePair = Pair<Node, Node | null>;

/** A key and its text, or the map of texts that it is to hold. */
export type Entry = readonly [key: string, value: string | readonly (readonly [string, string])[]];

/** Lines end as they do in the rest of the file. */
function lineEndOf(text: string): '\r\n' | '\n' {
  return /\r?\n/.exec(text)?.[0] === '\r\n' ? '\r\n' : '\n';
}

/** What changes in the entries of a map. */
export interface MapChange {
  readonly add: readonly Entry[];
  readonly remove: ReadonlySet<string>;
}

/**
 * Edits of a map's entries: new ones go behind the last, as lines of its indentation or items of its braces; what is removed goes with its lines
 * or its comma, and comments above it stay. Undefined where an entry shares its line with something else, or an empty map has no braces.
 */
export function editMap(text: string, map: YAMLMap, change: MapChange, step: number): readonly TextEdit[] | undefined {
  if (map.flow) return editFlow(text, map, change);
  const pairs = map.items as NodePair[];
  const [first] = pairs;
  const last = pairs.at(-1);
  if (first === undefined || last === undefined) return undefined;
  const edits: TextEdit[] = [];
  for (const pair of pairs) {
    if (!change.remove.has(keyText(pair))) continue;
    const start = lineStart(text, pair);
    if (/\S/.test(text.slice(start, startOf(pair.key)))) return undefined;
    addRemoval(text, edits, start, entryEnd(text, pair));
  }
  if (change.add.length > 0) {
    edits.push(insertLines(text, entryEnd(text, last), linesOf(change.add, columnOf(text, first.key), step)));
  }
  return edits;
}

/** Where the text ends without a line end, the one before goes instead. */
function addRemoval(text: string, edits: TextEdit[], start: number, end: number): void {
  if (end < text.length || text.charAt(end - 1) === '\n') {
    edits.push({ start, end, text: '' });
    return;
  }
  const from = edits.at(-1)?.end === start ? (edits.pop()?.start ?? start) : start;
  const lineEnd = /\r?\n$/.exec(text.slice(0, from))?.[0].length ?? 0;
  edits.push({ start: from - lineEnd, end, text: '' });
}

/** Written as `{"a": "b"}` if the keys that are there are. */
function editFlow(text: string, map: YAMLMap, { add, remove }: MapChange): readonly TextEdit[] {
  const pairs = map.items as NodePair[];
  const json = text.charAt(startOf(pairs[0]?.key)) === '"';
  const added = flowOf(add, json).join(', ');
  const kept = pairs.filter((pair) => !remove.has(keyText(pair)));
  const last = kept.at(-1);
  if (last === undefined) {
    const [start = 0, end = 0] = map.range ?? [];
    return [{ start: start + 1, end: end - 1, text: added }];
  }
  const edits: TextEdit[] = [];
  for (const [index, pair] of pairs.entries()) {
    if (kept.includes(pair) || startOf(pair.key) > startOf(last.key)) continue;
    edits.push({ start: startOf(pair.key), end: startOf(pairs[index + 1]?.key), text: '' });
  }
  const at = pairEnd(last);
  if (add.length > 0) edits.push({ start: at, end: at, text: `, ${added}` });
  const end = pairs.at(-1);
  if (end !== undefined && end !== last) edits.push({ start: at, end: pairEnd(end), text: '' });
  return edits;
}

function flowOf(entries: readonly Entry[], json: boolean): readonly string[] {
  const style = json ? 'double' : 'plain';
  return entries.map(([key, value]) => {
    const name = writeScalar(key, { style, inFlow: true });
    if (typeof value === 'string') return `${name}: ${writeScalar(value, { style, inFlow: true })}`;
    return `${name}: {${flowOf(value, json).join(', ')}}`;
  });
}

export function linesOf(entries: readonly Entry[], indent: number, step: number): readonly string[] {
  return entries.flatMap(([key, value]) => {
    const name = `${' '.repeat(indent)}${writeScalar(key, { style: 'plain', inFlow: false })}:`;
    if (typeof value === 'string') return [`${name} ${writeScalar(value, { style: 'plain', inFlow: false })}`];
    return [name, ...linesOf(value, indent + step, step)];
  });
}

/** Lines at the beginning of a line, or at the end of a text without a last line end. */
export function insertLines(text: string, at: number, lines: readonly string[]): TextEdit {
  const end = lineEndOf(text);
  const isOpen = at === text.length && at > 0 && text.charAt(at - 1) !== '\n';
  const written = isOpen ? lines.map((line) => end + line) : lines.map((line) => line + end);
  return { start: at, end: at, text: written.join('') };
}

function keyText(pair: NodePair): string {
  return isScalar(pair.key) ? String(pair.key.value) : '';
}

function lineStart(text: string, pair: NodePair): number {
  return text.lastIndexOf('\n', startOf(pair.key) - 1) + 1;
}

function pairEnd(pair: NodePair): number {
  return contentEnd(pair.value ?? pair.key);
}

/** Where the line behind an entry begins. */
export function entryEnd(text: string, pair: NodePair): number {
  const end = pairEnd(pair);
  if (endsWithLine(pair.value)) return end;
  const lineEnd = text.indexOf('\n', end);
  return lineEnd < 0 ? text.length : lineEnd + 1;
}

function lastOf(node: Node): Node | null {
  if (isMap(node) && !node.flow) {
    const pair = (node.items as NodePair[]).at(-1);
    return pair === undefined ? null : (pair.value ?? pair.key);
  }
  return isSeq(node) && !node.flow ? ((node.items as (Node | null)[]).at(-1) ?? null) : null;
}

/** Where the last thing that is written in a node ends, comments not counted. */
function contentEnd(node: Node): number {
  const last = lastOf(node);
  return last === null ? (node.range?.[1] ?? 0) : contentEnd(last);
}

/** A block scalar's range takes in its last line end. */
function endsWithLine(node: Node | null): boolean {
  if (node === null) return false;
  const last = lastOf(node);
  if (last !== null) return endsWithLine(last);
  return isScalar(node) && (node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED);
}

function startOf(node: Node | undefined): number {
  return node?.range?.[0] ?? 0;
}

/** From 0. */
export function columnOf(text: string, node: Node): number {
  const start = startOf(node);
  return start - (text.lastIndexOf('\n', start - 1) + 1);
}
