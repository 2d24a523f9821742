import type { Json } from '../domain/objects/kube-object.ts';
import { matchEnd, notSimple, quoted, readFlow, readKey, readPlain, skipSpaces } from './simple-scalar.ts';
import { setKey } from './yaml-node.ts';

/**
 * The YAML that manifests are mostly written in: block maps and lists, scalars and flow collections on one line, literal blocks.
 * It is read about ten times faster than by the whole parser, which is what a sync of many manifests waits for.
 * Whatever else occurs (anchors, tags, folded or continued scalars, tabs, any doubt about the layout) is left to the whole parser.
 */

/** A line, from its indentation on, or the part of it behind `- `. */
interface Cursor {
  readonly text: string;
  /** Where the content begins, and where the line ends. */
  at: number;
  end: number;
  /** Column of `at`; -1 behind the last line. */
  indent: number;
  depth: number;
}

/** The value of one document, `null` if it is empty, or undefined if it is not simple. */
export function readSimpleYaml(text: string): Json | undefined {
  const cursor: Cursor = { text, at: 0, end: -1, indent: 0, depth: 0 };
  try {
    nextLine(cursor);
    if (cursor.indent === 0 && text.startsWith('---', cursor.at)) {
      if (!restIsEmpty(text, cursor.at + 3, cursor.end)) return undefined;
      nextLine(cursor);
    }
    if (cursor.indent < 0) return null;
    const value = readBlock(cursor);
    return cursor.indent < 0 ? value : undefined;
  } catch (error) {
    if (error === notSimple || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Goes to the next line that is neither empty nor a comment. */
function nextLine(cursor: Cursor): void {
  const { text } = cursor;
  let start = cursor.end + 1;
  while (start < text.length) {
    const at = skipSpaces(text, start);
    const newline = text.indexOf('\n', at);
    const end = newline < 0 ? text.length : newline;
    const first = text.charCodeAt(at);
    if (first === 9) throw notSimple;
    if (at < end && first !== 35) {
      cursor.at = at;
      cursor.end = end;
      cursor.indent = at - start;
      return;
    }
    start = end + 1;
  }
  cursor.end = text.length;
  cursor.at = text.length;
  cursor.indent = -1;
}

const maxDepth = 100;

function readBlock(cursor: Cursor): Json {
  if (++cursor.depth > maxDepth) throw notSimple;
  const value = isDash(cursor) ? readSequence(cursor, cursor.indent) : readMap(cursor, cursor.indent);
  cursor.depth--;
  return value;
}

function isDash({ text, at, end }: Cursor): boolean {
  return text.charCodeAt(at) === 45 && (at + 1 === end || text.charCodeAt(at + 1) === 32);
}

function readSequence(cursor: Cursor, indent: number): Json {
  const items: Json[] = [];
  while (cursor.indent === indent && isDash(cursor)) {
    const dash = cursor.at;
    const at = skipSpaces(cursor.text, dash + 1);
    if (restIsEmpty(cursor.text, at, cursor.end)) {
      nextLine(cursor);
      items.push(cursor.indent > indent ? readBlock(cursor) : null);
    } else {
      cursor.at = at;
      cursor.indent = indent + at - dash;
      items.push(isDash(cursor) || keyEnd(cursor) >= 0 ? readBlock(cursor) : readScalar(cursor, indent));
    }
  }
  if (cursor.indent > indent) throw notSimple;
  return items;
}

function readMap(cursor: Cursor, indent: number): Json {
  const map: Record<string, Json> = {};
  while (cursor.indent === indent && !isDash(cursor)) {
    const colon = keyEnd(cursor);
    if (colon < 0) throw notSimple;
    const key = readKey(cursor.text.slice(cursor.at, colon));
    cursor.at = skipSpaces(cursor.text, colon + 1);
    setKey(map, key, readValue(cursor, indent));
  }
  if (cursor.indent > indent) throw notSimple;
  return map;
}

function readValue(cursor: Cursor, indent: number): Json {
  if (!restIsEmpty(cursor.text, cursor.at, cursor.end)) return readScalar(cursor, indent);
  nextLine(cursor);
  if (cursor.indent > indent) return readBlock(cursor);
  // A list may stand under its key without being indented.
  return cursor.indent === indent && isDash(cursor) ? readSequence(cursor, indent) : null;
}

/** The index of the colon if a key begins at the cursor, else -1. */
function keyEnd({ text, at, end }: Cursor): number {
  const first = text.charAt(at);
  if (first === '{' || first === '[') return -1;
  if (first === '"' || first === "'") {
    const from = skipSpaces(text, matchEnd(quoted, text, at));
    return text.charAt(from) === ':' && (from + 1 === end || text.charCodeAt(from + 1) === 32) ? from : -1;
  }
  const line = text.slice(at, end);
  const colon = line.indexOf(': ');
  const found = colon >= 0 ? colon : line.endsWith(':') ? line.length - 1 : -1;
  const comment = line.indexOf(' #');
  return found < 0 || (comment >= 0 && comment < found) ? -1 : at + found;
}

/** A scalar or flow collection that begins and ends on this line, or a literal block under it. Goes to the next line. */
function readScalar(cursor: Cursor, indent: number): Json {
  const { text, at, end } = cursor;
  const first = text.charAt(at);
  if (first === '|') return readLiteral(cursor, indent);
  if ('["{\''.includes(first)) {
    const [value, after] = readFlow(text, at, maxDepth - cursor.depth);
    return endOfLine(cursor, after, value);
  }
  const line = text.slice(at, end);
  const comment = line.indexOf(' #');
  return endOfLine(cursor, end, readPlain(comment < 0 ? line : line.slice(0, comment)));
}

function endOfLine(cursor: Cursor, after: number, value: Json): Json {
  if (!restIsEmpty(cursor.text, after, cursor.end)) throw notSimple;
  nextLine(cursor);
  return value;
}

/** Nothing but spaces, or a comment set off by one. */
function restIsEmpty(text: string, from: number, end: number): boolean {
  const at = skipSpaces(text, from);
  return at >= end || (text.charCodeAt(at) === 35 && text.charCodeAt(at - 1) === 32);
}

const literalHeader = /\|[-+]?(?= *(?: #.*)?\n)/y;

function readLiteral(cursor: Cursor, indent: number): string {
  const { text } = cursor;
  const header = text.slice(cursor.at, matchEnd(literalHeader, text, cursor.at));
  const lines: string[] = [];
  let width = -1;
  let start = cursor.end + 1;
  let leading = 0;
  while (start < text.length) {
    const newline = text.indexOf('\n', start);
    // A last line without its break: rules differ, rare.
    if (newline < 0) throw notSimple;
    const at = skipSpaces(text, start);
    if (at >= newline) {
      if (width < 0) leading = Math.max(leading, at - start);
      lines.push(width < 0 ? '' : text.slice(Math.min(start + width, newline), newline));
    } else {
      if (width < 0) {
        if (at - start <= indent) break;
        width = at - start;
        if (leading > width || text.charCodeAt(at) === 9) throw notSimple;
      }
      if (at - start < width) break;
      lines.push(text.slice(start + width, newline));
    }
    start = newline + 1;
  }
  if (width < 0) throw notSimple;
  cursor.end = start - 1;
  nextLine(cursor);
  return chomp(lines, header);
}

function chomp(lines: readonly string[], header: string): string {
  if (header === '|+') return `${lines.join('\n')}\n`;
  const last = lines.findLastIndex((line) => line !== '');
  const body = lines.slice(0, last + 1).join('\n');
  return header === '|-' ? body : `${body}\n`;
}
