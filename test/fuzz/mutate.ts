import fc from 'fast-check';

type Edit = (text: string) => string;

/** Places in a text of any length. */
const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const length = fc.nat(40);
/** What parsers trip over whatever they parse. */
const anywhere = [
  '',
  '\0',
  '\ufeff',
  '\ud800',
  '\u2028',
  '\u0085',
  '\r',
  '\t',
  '\n',
  '"',
  "'",
  '\\',
  '{',
  '[',
  '__proto__',
  '9'.repeat(400),
  '-0',
  '1e999',
  'null',
];

function edits(tokens: readonly string[]): fc.Arbitrary<Edit> {
  const token = fc.constantFrom(...tokens, ...anywhere);
  return fc.oneof(
    fc.tuple(place, token).map(
      ([at, piece]): Edit =>
        (text) =>
          spliced(text, at, 0, piece),
    ),
    fc.tuple(place, length, token).map(
      ([at, count, piece]): Edit =>
        (text) =>
          spliced(text, at, count, piece),
    ),
    fc.tuple(place, length).map(
      ([at, count]): Edit =>
        (text) =>
          spliced(text, at, count, ''),
    ),
    fc.tuple(place, place, length).map(
      ([from, to, count]): Edit =>
        (text) => {
          const start = Math.floor(from * text.length);
          return spliced(text, to, 0, text.slice(start, start + count));
        },
    ),
    fc.tuple(place, token, fc.nat(300)).map(
      ([at, piece, times]): Edit =>
        (text) =>
          spliced(text, at, 0, piece.repeat(times)),
    ),
    fc.tuple(place, fc.string({ unit: 'binary', maxLength: 8 })).map(
      ([at, piece]): Edit =>
        (text) =>
          spliced(text, at, piece.length, piece),
    ),
  );
}

function spliced(text: string, at: number, count: number, piece: string): string {
  const start = Math.floor(at * text.length);
  return text.slice(0, start) + piece + text.slice(start + count);
}

/** Mostly one: what is broken in many places is refused at the first of them. */
function some<T>(of: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.tuple(of) },
    { weight: 3, arbitrary: fc.tuple(of, of) },
    { weight: 1, arbitrary: fc.array(of, { minLength: 3, maxLength: 6 }) },
  );
}

/** Real texts with a few edits, of which some put in `tokens` that mean something to who reads them. */
export function mutated(texts: readonly string[], tokens: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...texts), some(edits(tokens)))
    .map(([text, changes]) => changes.reduce((changed, change) => change(changed), text));
}
