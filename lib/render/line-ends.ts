import { isScalar, parseAllDocuments, visit } from 'yaml';
import { UnreadableNode } from './yaml-node.ts';

/**
 * The text with `\n` wherever go-yaml ends a line: at CRLF, a CR of its own and NEL, which the parser takes for text, so that a comment would
 * swallow the line after it. go-yaml also ends one at LS and PS (U+2028, U+2029) but keeps them in a text; there they are understood in
 * quotes, with neither blanks nor line ends beside them, which is how JSON has them. Throws UnreadableNode for others.
 */
export function endLines(text: string): string {
  const ended = /[\r\u0085]/.test(text) ? text.replaceAll(/\r\n?|\u0085/g, '\n') : text;
  return hasSeparator.test(ended) ? endAtSeparators(ended) : ended;
}

const hasSeparator = /[\u2028\u2029]/;
const separators = /[\u2028\u2029]/g;
/** Comments, what is quoted within a line, and separators; `.` and `^` take these for line ends, too. */
const pieces = /(?<=^|[ \t])#.*|(?<=^|[\s:,[{?-])(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\n]|'')*')|[\u2028\u2029]/gm;
/** One that go-yaml would trim or fold with what is beside it, or that is escaped. */
const beside = /[ \t\n\\][\u2028\u2029]|[\u2028\u2029][ \t\n]/;

const options = { schema: 'failsafe', uniqueKeys: false, prettyErrors: false, logLevel: 'silent' } as const;

function endAtSeparators(text: string): string {
  const lines = text.replaceAll(pieces, (piece) => (/^["']/.test(piece) ? piece : piece.replace(separators, '\n')));
  // Of the same length: what a scalar is made of stands at the same place in both.
  let kept = 0;
  for (const document of parseAllDocuments(lines, options)) {
    if (document.errors.length > 0) return text.replaceAll(separators, '\n');
    visit(document, {
      Scalar(key, node) {
        const [start, end] = node.range ?? [0, 0];
        const written = text.slice(start, end);
        if (!hasSeparator.test(written)) return;
        if (key === 'key' || !isQuoted(node) || beside.test(written)) throw refuse(start);
        kept += written.match(separators)?.length ?? 0;
      },
    });
  }
  if (kept < (lines.match(separators)?.length ?? 0)) throw refuse(lines.search(separators));
  return lines;
}

function isQuoted(node: unknown): boolean {
  return isScalar(node) && (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE');
}

function refuse(offset: number): UnreadableNode {
  return new UnreadableNode(
    offset,
    'a line or paragraph separator; write it as \\u2028 or \\u2029 in double quotes, or remove it',
  );
}
