import { fieldAt, type Path } from '../domain/objects/field-at.ts';
import type { Json } from '../domain/objects/kube-object.ts';
import { editText } from './edit-text.ts';
import { hasValues } from './has-values.ts';
import { withValue } from './same-json.ts';
import { type ScalarChange, type SetOptions, scalarEdits } from './scalar-edits.ts';
import { cannotEdit, type YamlFile } from './yaml-file.ts';

/**
 * The text of the file with the scalars changed and not one byte more, in the style in which each is written. The result is read again:
 * before, with the changes made, has to be after. A value that is shared through an anchor is changed at the anchor if all who share it
 * are meant; else it is taken apart (scalar-edits.ts). Throws a `user` Failure where neither works, and for paths that lead to no scalar.
 */
export function setScalars(file: YamlFile, changes: readonly ScalarChange[], options: SetOptions = {}): string {
  const needed = changes.filter(({ document, path, value }) => valueAt(file, document, path) !== value);
  if (needed.length === 0) return file.text;
  for (const { document, path } of needed) {
    if (valueAt(file, document, path) === undefined) throw cannotEdit(file, path.join('.'), 'there is no such value');
  }
  const wanted = valuesAfter(file, needed);
  for (const sharing of ['together', 'apart'] as const) {
    const edits = scalarEdits(file, needed, { ...options, sharing });
    const text = edits && editText(file.text, edits);
    if (text !== undefined && hasValues(text, file.name, wanted)) return text;
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
