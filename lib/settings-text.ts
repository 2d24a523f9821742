import { LineCounter, parseDocument, visit } from 'yaml';
import { findRepeatedKey } from './repeated-key.ts';
import { refuseSettings } from './settings-document.ts';

// Enough for anchors shared by 500 targets; an alias bomb needs nesting, and yaml counts what an alias expands to.
const maxAliases = 1000;

/** The document that the text of a `sluice.yaml` called `name` is. Throws a `user` Failure that lists what is no YAML, with line and column. */
export function parseSettings(text: string, name: string): unknown {
  const lines = new LineCounter();
  function locate(offset: number, message: string): string {
    const { line, col } = lines.linePos(offset);
    return `line ${line}, column ${col}: ${message}`;
  }
  // Merge keys: targets of many clusters share most of what they say.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true, uniqueKeys: false });
  if (document.errors.some(({ message }) => message.includes('call stack'))) {
    throw refuseSettings(name, ['Nested too deeply']);
  }
  const problems = document.errors.map(({ pos, code, message }) =>
    locate(pos[0], code === 'MULTIPLE_DOCS' ? 'Expected one document, found another' : message),
  );
  const anchors = new Set<string>();
  visit(document, {
    Value: (_, node) => void (node.anchor && anchors.add(node.anchor)),
    Alias: (_, { source, range }) =>
      void (
        anchors.has(source) || problems.push(locate(range?.[0] ?? 0, `No anchor named ${source} before this alias`))
      ),
  });
  const repeated = findRepeatedKey(document);
  if (repeated !== undefined) problems.push(locate(repeated, 'Map keys must be unique'));
  if (problems.length > 0) throw refuseSettings(name, problems);
  try {
    return document.toJS({ maxAliasCount: maxAliases });
  } catch (cause) {
    throw refuseSettings(name, ['Aliases stand for too much'], cause);
  }
}
