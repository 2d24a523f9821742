import { diffLines } from 'diff';

/** The lines that an edit took out and put in. */
export function changedLines(before: string, after: string): { readonly removed: string[]; readonly added: string[] } {
  const parts = diffLines(before, after);
  const lines = (kind: 'removed' | 'added') =>
    parts.filter((part) => part[kind]).flatMap(({ value }) => value.replace(/\n$/, '').split('\n'));
  return { removed: lines('removed'), added: lines('added') };
}
