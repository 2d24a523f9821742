/** Characters of JSON: at most 192 KB however they are encoded and however badly they compress. */
export const chunkLength = 64_000;

/** Values in order, as many together as make up one item of the store; none for none. */
export function chunked<Value>(values: readonly Value[]): readonly (readonly Value[])[] {
  const chunks: Value[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const value of values) {
    const own = JSON.stringify(value).length;
    if (length + own > chunkLength) {
      chunks.push([]);
      length = 0;
    }
    chunks.at(-1)?.push(value);
    length += own;
  }
  return chunks;
}
