import type { Json } from '../domain/objects/kube-object.ts';
import { setKey } from './yaml-node.ts';
import { keyOf, resolveScalar } from './yaml-scalar.ts';

/** Thrown at the first thing that read-simple-yaml.ts leaves to the whole parser. One object: it is no error and needs no stack. */
export const notSimple = new SyntaxError('not simple');

export const quoted = /"(?:[^"\\\n\t]|\\["\\bfnrt]|\\u[\da-fA-F]{4})*"|'(?:[^'\n\t]|'')*'/y;
const plainKey = /^[^-\s?:,[\]{}#&*!|>'"%@`][^\t]*$/;

export function readKey(written: string): string {
  const text = withoutTrailingSpaces(written);
  const first = text.charAt(0);
  if (first === '"' || first === "'") return unquote(text);
  if (!plainKey.test(text) || text === '<<' || text.length > 1000) throw notSimple;
  return keyOf(resolveScalar(text));
}

function unquote(text: string): string {
  return text.charAt(0) === "'" ? text.slice(1, -1).replaceAll("''", "'") : JSON.parse(text);
}

/** Without a colon that could end a key, tabs, or a first character that means something else. */
const plainScalar = /^(?:[^-\s?:,[\]{}#&*!|>'"%@`]|[-:](?=\S))(?:[^\t:]|:(?=[^\s]))*$/;

export function readPlain(written: string): Json {
  const text = withoutTrailingSpaces(written);
  if (!plainScalar.test(text)) throw notSimple;
  return finite(resolveScalar(text));
}

const flowPlain = /(?:[^-\s?:,[\]{}#&*!|>'"%@`]|-(?=[^\s,[\]{}]))[^\t\n,[\]{}:#]*/y;

/** The collection or scalar at `at`, which ends on the same line, and the index behind it; at most `depth` nested. */
export function readFlow(text: string, at: number, depth: number): [Json, number] {
  const first = text.charAt(at);
  if (first === '"' || first === "'") {
    const after = matchEnd(quoted, text, at);
    return [unquote(text.slice(at, after)), after];
  }
  if (first !== '[' && first !== '{') {
    const after = matchEnd(flowPlain, text, at);
    return [finite(resolveScalar(withoutTrailingSpaces(text.slice(at, after)))), after];
  }
  if (depth === 0) throw notSimple;
  const close = first === '[' ? ']' : '}';
  const items: Json[] = [];
  const map: Record<string, Json> = {};
  let next = skipSpaces(text, at + 1);
  while (text.charAt(next) !== close) {
    if (first === '[') {
      const [item, after] = readFlow(text, next, depth - 1);
      items.push(item);
      next = skipSpaces(text, after);
    } else {
      const keyFrom = next;
      const key = matchEnd(text.charAt(next) === '"' || text.charAt(next) === "'" ? quoted : flowPlain, text, next);
      next = skipSpaces(text, key);
      if (!text.startsWith(': ', next)) throw notSimple;
      const [value, after] = readFlow(text, skipSpaces(text, next + 1), depth - 1);
      setKey(map, readKey(text.slice(keyFrom, key)), value);
      next = skipSpaces(text, after);
    }
    if (text.charAt(next) === ',') next = skipSpaces(text, next + 1);
    else if (text.charAt(next) !== close) throw notSimple;
  }
  return [first === '[' ? items : map, next + 1];
}

/** Spaces alone: a no-break space is text to YAML. */
function withoutTrailingSpaces(text: string): string {
  let end = text.length;
  while (text.charCodeAt(end - 1) === 32) end--;
  return text.slice(0, end);
}

export function skipSpaces(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === 32) at++;
  return at;
}

function finite(value: string | number | boolean | null): Json {
  if (typeof value === 'number' && !Number.isFinite(value)) throw notSimple;
  return value;
}

export function matchEnd(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  if (!pattern.test(text)) throw notSimple;
  return pattern.lastIndex;
}
