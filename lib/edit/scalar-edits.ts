import { type Alias, type Document, isAlias, isMap, isScalar, type Node, Scalar, visit } from 'yaml';
import type { Path } from '../domain/objects/field-at.ts';
import type { TextEdit } from './edit-text.ts';
import { type FoundNode, findNode, follow } from './find-node.ts';
import { editMap } from './map-edits.ts';
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

export interface EditOptions extends SetOptions {
  /**
   * What becomes of a value that others share. `together`: it is changed at its anchor, for all. `apart`: an alias gives way to the text, an anchor moves to the
   * first alias that stays, and a key that `<<` brings gets one of its own.
   */
  readonly sharing: 'together' | 'apart';
}

interface Wanted extends FoundNode {
  readonly document: Document.Parsed;
  readonly value: string;
  /** For messages. */
  readonly place: string;
}

/**
 * The edits that change scalars; whether they do what is meant is not asked here. Undefined where places that are one are to become different.
 * Throws a `user` Failure for what is no scalar that may be changed.
 */
export function scalarEdits(
  file: YamlFile,
  changes: readonly ScalarChange[],
  options: EditOptions,
): readonly TextEdit[] | undefined {
  const edits = new Map<number, TextEdit>();
  const wanted = changes.map((change) => find(file, change));
  for (const one of wanted) {
    for (const edit of options.sharing === 'together'
      ? [inPlace(file, one, options)]
      : apart(file, one, wanted, options)) {
      const other = edits.get(edit.start);
      if (other !== undefined && (other.text !== edit.text || other.end !== edit.end)) return undefined;
      edits.set(edit.start, edit);
    }
  }
  return [...edits.values()];
}

function find(file: YamlFile, change: ScalarChange): Wanted {
  const document = file.documents[change.document]?.document;
  const found = document && findNode(document, change.path);
  const place = change.path.join('.');
  if (document === undefined || found === undefined) throw cannotEdit(file, place, 'there is no such value');
  return { ...found, document, value: change.value, place };
}

/** The text instead of the scalar, or of the scalar that an alias stands for. */
function inPlace(
  file: YamlFile,
  { document, node: written, inFlow, value, place }: Wanted,
  options: EditOptions,
): TextEdit {
  const node = follow(document, written);
  const [start, end] = node?.range ?? [];
  if (node === null || start === undefined || end === undefined)
    throw cannotEdit(file, place, 'nothing is written there');
  if (!isScalar(node)) throw cannotEdit(file, place, 'it is a map or a list');
  const isBlock = node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED;
  if (isBlock && !options.replaceBlocks) throw cannotEdit(file, place, 'it is a block of lines (| or >)');
  const { quotes } = options;
  const text = writeScalar(value, { style: styleOf(node), inFlow, ...(quotes && { quotes }) });
  if (isBlock) return { start, end, text: text + lineEndWithin(file.text.slice(start, end)) };
  return { start, end, text: start === end ? spaced(text, file.text, start) : text };
}

function apart(file: YamlFile, one: Wanted, all: readonly Wanted[], options: EditOptions): readonly TextEdit[] {
  const { node, parent, key, isOwn, inFlow, value } = one;
  if (!isOwn && isMap(parent)) {
    const added = editMap(file.text, parent, { add: [[String(key), value]], remove: new Set() }, 2);
    if (added !== undefined) return added;
  }
  if (isAlias(node)) {
    const [start = 0, end = 0] = node.range ?? [];
    return [{ start, end, text: writeScalar(value, { style: 'plain', inFlow }) }];
  }
  const edit = inPlace(file, one, options);
  const heir = isScalar(node) && node.anchor !== undefined ? heirOf(one, node, all) : undefined;
  const anchor = new RegExp(`&${isScalar(node) ? RegExp.escape(node.anchor ?? '') : ''}\\s+$`).exec(
    file.text.slice(0, edit.start),
  );
  const old = file.text.slice(edit.start, edit.end);
  const [start, end] = heir?.range ?? [];
  if (anchor === null || start === undefined || end === undefined || old.includes('\n')) return [edit];
  return [
    { ...edit, start: anchor.index },
    { start, end, text: anchor[0].trimEnd() + (old === '' ? '' : ` ${old}`) },
  ];
}

/** The first alias of an anchored scalar that is not to be changed itself. */
function heirOf({ document }: Wanted, node: Scalar, all: readonly Wanted[]): Alias | undefined {
  let heir: Alias | undefined;
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== node || all.some((other) => other.node === alias)) return undefined;
      heir = alias;
      return visit.BREAK;
    },
  });
  return heir;
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
