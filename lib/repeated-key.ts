import { type Document, isScalar, type Pair, visit } from 'yaml';

/**
 * The offset of the first key that a map of the document has twice; undefined if there is none. The parser's own check compares each key with
 * each other one, which takes minutes for a megabyte of them: it is for documents that were parsed with `uniqueKeys: false`.
 */
export function findRepeatedKey(document: Document): number | undefined {
  let found: number | undefined;
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>();
      for (const { key } of items as readonly Pair[]) {
        // `<<` may stand in a map more than once.
        if (!isScalar(key) || key.value === '<<') continue;
        if (seen.has(key.value)) {
          found = key.range?.[0] ?? 0;
          return visit.BREAK;
        }
        seen.add(key.value);
      }
      return undefined;
    },
  });
  return found;
}
