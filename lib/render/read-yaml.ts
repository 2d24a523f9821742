import { parseAllDocuments, Schema } from 'yaml';
import { Failure } from '../domain/failure.ts';
import type { Json } from '../domain/objects/kube-object.ts';
import { endLines } from './line-ends.ts';
import { readSimpleYaml } from './read-simple-yaml.ts';
import { documentValue, UnreadableNode } from './yaml-node.ts';

export interface YamlDocument {
  readonly value: Json;
  /** First line with content, from 1. */
  readonly line: number;
}

const markers = /^(?:---|\.\.\.)(?=[ \t\n]|$)/gm;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const forbidden = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]/;

/**
 * The documents of a text as Kubernetes reads them (sigs.k8s.io/yaml; facts/dependencies.md "YAML"), empty ones left out.
 * A byte order mark, every kind of line end, directives and `...` are understood. Throws a `user` Failure that names `file`, line and column.
 */
export function readYaml(source: string | Uint8Array, file: string): readonly YamlDocument[] {
  const text = withLines((typeof source === 'string' ? source : decode(source, file)).replace(/^\ufeff/, ''), file);
  const control = text.search(forbidden);
  if (control >= 0) throw unreadable(file, text, control, 'a control character');
  return splitDocuments(text).flatMap((part) => readPart(part, text, file));
}

function withLines(text: string, file: string): string {
  try {
    return endLines(text);
  } catch (error) {
    if (error instanceof UnreadableNode) throw unreadable(file, text, error.offset, error.message);
    throw error;
  }
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new Failure('user', `Cannot read "${file}": the file is not UTF-8 text`);
  }
}

interface Part {
  readonly text: string;
  /** Where it begins: index, and line from 1. */
  readonly start: number;
  readonly line: number;
}

/** Cut at the markers, which may stand nowhere else than between documents; with directives the parser must see it all. */
function splitDocuments(text: string): readonly Part[] {
  if (/^%/m.test(text)) return [{ text, start: 0, line: 1 }];
  const parts: Part[] = [];
  let start = 0;
  let line = 1;
  function cut(end: number): void {
    const part = text.slice(start, end);
    if (part.trim() !== '') parts.push({ text: part, start, line });
    line += countLines(part);
    start = end;
  }
  for (const { index, 0: marker } of text.matchAll(markers)) {
    cut(index);
    if (marker === '...') start += marker.length;
  }
  cut(text.length);
  return parts;
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

const firstContent = /^(?!---(?:[ \t]|$)|[ \t]*(?:#|$))/m;

function readPart(part: Part, text: string, file: string): readonly YamlDocument[] {
  const line = part.line + countLines(part.text.slice(0, Math.max(part.text.search(firstContent), 0)));
  const simple = readSimpleYaml(part.text);
  if (simple !== undefined) return simple === null ? [] : [{ value: simple, line }];
  return readAnyYaml(part, text, file).flatMap((value) => (value === null ? [] : [{ value, line }]));
}

/** No meaning of its own: documentValue gives the scalars Kubernetes' meaning. */
const schema = new Schema({ schema: 'failsafe', resolveKnownTags: false, merge: false });

const tooDeep = 'nested too deep';
const conflictMarker = /^<{7} /m;

/** The whole of YAML. Speaks of places and kinds of error only: the text may be a Secret's. */
function readAnyYaml(part: Part, text: string, file: string): readonly Json[] {
  try {
    const documents = parseAllDocuments(part.text, {
      schema,
      uniqueKeys: false,
      merge: false,
      prettyErrors: false,
      logLevel: 'silent',
    });
    if ('empty' in documents) return [];
    return documents.map((document) => {
      const [error] = document.errors;
      if (error)
        throw new UnreadableNode(
          error.pos[0],
          error.code === 'RESOURCE_EXHAUSTION' ? tooDeep : describe(error.message),
        );
      return documentValue(document);
    });
  } catch (error) {
    if (error instanceof UnreadableNode) {
      const conflict = part.text.search(conflictMarker);
      if (conflict >= 0) throw unreadable(file, text, part.start + conflict, 'a merge conflict that was not resolved');
      throw unreadable(file, text, part.start + error.offset, error.message);
    }
    // What is left of a stack overflow in the parser, which is recursive.
    if (error instanceof RangeError) throw unreadable(file, text, part.start, tooDeep);
    throw error;
  }
}

/** The parser's sentence without the piece of text that it may quote, in lower case. */
function describe(message: string): string {
  const sentence = message.replace(/: .*$/s, '');
  return sentence.charAt(0).toLowerCase() + sentence.slice(1);
}

function unreadable(file: string, text: string, offset: number, state: string): Failure {
  const line = countLines(text.slice(0, offset)) + 1;
  const column = offset - text.lastIndexOf('\n', offset - 1);
  return new Failure('user', `Cannot read "${file}": line ${line}, column ${column}: ${state}`, { code: 'Unreadable' });
}
