import { type Document, isAlias, isScalar, type Node, Scalar } from 'yaml';
import { fieldAt, type Path } from '../domain/objects/field-at.ts';
import type { Json } from '../domain/objects/kube-object.ts';
import { editText, type TextEdit } from './edit-text.ts';
import { type FoundNode, findNode, follow } from './find-node.ts';
import { hasValues } from './has-values.ts';
import { withValue } from './same-json.ts';
import { writeScalar } from './write-scalar.ts';
import { cannotEdit, type YamlFile } from './yaml-file.ts';

/** A scalar that is to become a text. */
export interface ScalarChange {
  /** Which document of the file. */
  readonly document: number;
  readonly path: Path;
  readonly value: string;
}

export interface SetOptions {
  /** What a plain text that now needs quotes gets. Default single. */
  readonly quotes?: 'single' | 'double';
  /** Allow a block scalar to be replaced by a quoted one. */
  readonly replaceBlocks?: boolean;
}

/**
 * The text of the file with the scalars changed and not one byte more, in the style in which each is written. The result is read again:
 * before, with the changes made, has to be after. A value that is shared through an anchor is changed at the anchor if all who share it
 * are meant, else an alias gives way to the text. Throws a `user` Failure where neither works, and for paths that lead to no scalar.
 */
export function setScalars(file: YamlFile, changes: readonly ScalarChange[], options: SetOptions = {}): string {
  const needed = changes.filter(({ document, path, value }) => valueAt(file, document, path) !== value);
  if (needed.length === 0) return file.text;
  for (const { document, path } of needed) {
    if (valueAt(file, document, path) === undefined) throw cannotEdit(file, path.join('.'), 'there is no such value');
  }
  const wanted = valuesAfter(file, needed);
  for (const followAliases of [true, false]) {
    const text = editText(file.text, scalarEdits(file, needed, { ...options, followAliases }));
    if (hasValues(text, file.name, wanted)) return text;
  }
  throw cannotEdit(file, needed.map(({ path }) => path.join('.')).join(', '), 'the value is shared with other places');
}

function valuesAfter(file: YamlFile, changes: readonly ScalarChange[]): readonly Json[] {
  const values = file.documents.map(({ value }) => value);
  for (const { document, path, value } of changes) {
    const before = values[document];
    if (before !== undefined) values[document] = withValue(before, path, value);
  }
  return values;
}

function valueAt(file: YamlFile, document: number, path: Path): Json | undefined {
  return fieldAt(file.documents[document]?.value, path) as Json | undefined;
}

export interface EditOptions extends SetOptions {
  readonly followAliases: boolean;
}

/** The edits that change scalars; places that are one through an anchor give one edit. Whether they do what is meant is not asked here. */
export function scalarEdits(
  file: YamlFile,
  changes: readonly ScalarChange[],
  options: EditOptions,
): readonly TextEdit[] {
  const edits = new Map<number, TextEdit>();
  for (const change of changes) {
    const document = file.documents[change.document]?.document;
    const found = document && findNode(document, change.path);
    const place = change.path.join('.');
    if (document === undefined || found === undefined) throw cannotEdit(file, place, 'there is no such value');
    const edit = editOf(file, document, { ...found, value: change.value, place }, options);
    const other = edits.get(edit.start);
    if (other !== undefined && other.text !== edit.text) {
      throw cannotEdit(file, place, 'it shares its value with a place that is to have another');
    }
    edits.set(edit.start, edit);
  }
  return [...edits.values()];
}

interface Wanted extends FoundNode {
  readonly value: string;
  readonly place: string;
}

function editOf(file: YamlFile, document: Document.Parsed, wanted: Wanted, options: EditOptions): TextEdit {
  const { inFlow, value, place } = wanted;
  const node = options.followAliases ? follow(document, wanted.node) : wanted.node;
  const [start, end] = node?.range ?? [];
  if (node === null || start === undefined || end === undefined)
    throw cannotEdit(file, place, 'nothing is written there');
  if (isAlias(node)) return { start, end, text: writeScalar(value, { style: 'plain', inFlow }) };
  if (!isScalar(node)) throw cannotEdit(file, place, 'it is a map or a list');
  const isBlock = node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED;
  if (isBlock && !options.replaceBlocks) throw cannotEdit(file, place, 'it is a block of lines (| or >)');
  const { quotes } = options;
  const written = writeScalar(value, { style: styleOf(node), inFlow, ...(quotes && { quotes }) });
  if (isBlock) return { start, end, text: written + lineEndWithin(file.text.slice(start, end)) };
  return { start, end, text: start === end ? spaced(written, file.text, start) : written };
}

function styleOf(node: Node): 'plain' | 'single' | 'double' {
  if (!isScalar(node)) return 'plain';
  if (node.type === Scalar.QUOTE_SINGLE) return 'single';
  return node.type === Scalar.QUOTE_DOUBLE ? 'double' : 'plain';
}

/** A value that was not written needs a blank before it, and one before a comment. */
function spaced(written: string, text: string, at: number): string {
  const before = /\s/.test(text.charAt(at - 1)) ? '' : ' ';
  const after = /^(?:$|\s)/.test(text.slice(at, at + 1)) ? '' : ' ';
  return before + written + after;
}

function lineEndWithin(block: string): string {
  return /\r?\n$/.exec(block)?.[0] ?? '';
}
