import { randomBytes } from 'node:crypto';

/** Everything that is secret is a canary: found anywhere else, something has leaked. */
export interface Canaries {
  /** A new secret of printable characters. */
  secret(what: string): string;
  /** A secret that others have made. */
  add(value: string): void;
  /** The kinds of secrets that are in `text`, as they are or in base64. */
  foundIn(text: string): readonly string[];
}

const mark = 'c4n4ry';

export function createCanaries(): Canaries {
  const others = new Set<string>();
  // A whole number of triplets: whatever follows it in base64, the mark looks the same.
  const encodedMark = Buffer.from(mark).toString('base64');
  return {
    secret: (what) => `${mark}-${what}-${randomBytes(8).toString('hex')}`,
    add: (value) => others.add(value),
    foundIn(text) {
      const found = [...text.matchAll(new RegExp(`(?:${mark}|${encodedMark})[\\w-]{0,12}`, 'g'))].map(
        ([match]) => match,
      );
      for (const value of others) if (text.includes(value)) found.push(`${value.slice(0, 6)}…`);
      return [...new Set(found)];
    },
  };
}
