import type { Terminal } from './terminal.ts';

/** Text of others on one line, its control characters made visible: a message from a cluster must not move the cursor. */
export function clean(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').replace(/\p{Cc}/gu, (character) => {
    return `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`;
  });
}

/** What is left of a column that is cut. */
const leastCut = 12;

/**
 * Rows under a heading, columns aligned two spaces apart, the most telling ones first: on a terminal that is too narrow the last column is
 * cut, or left out where too little of it would be left. The first two always stay whole.
 */
export function formatTable(head: readonly string[], rows: readonly (readonly string[])[], width?: number): string[] {
  const table = [head, ...rows.map((row) => row.map(clean))];
  const widths = head.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  while (width !== undefined && widths.length > 2 && total(widths) > width) {
    const last = widths.pop() ?? 0;
    const left = width - total(widths) - 2;
    if (left >= Math.min(last, leastCut)) {
      widths.push(left);
      break;
    }
  }
  return table.map((row) => {
    const cells = widths.map((size, column) => pad(row[column] ?? '', size));
    return cells.join('  ').trimEnd();
  });
}

function pad(cell: string, width: number): string {
  return cell.length > width ? `${cell.slice(0, width - 1)}…` : cell.padEnd(width);
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + 2, -2);
}

/** `name: value` lines, values aligned; entries without a value are left out. */
export function formatDetails(entries: readonly (readonly [string, string | undefined])[]): string[] {
  const present = entries.filter(([, value]) => value !== undefined);
  const width = Math.max(...present.map(([name]) => name.length)) + 2;
  return present.map(([name, value]) => `${`${name}:`.padEnd(width)}${clean(value ?? '')}`);
}

/** Words in lines of at most `width` columns. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** `5s`, `3m`, `2h`, `4d` between two times. */
export function formatSpan(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** `3m ago`, `in 5m`; `-` for no time. */
export function formatTime(time: string | undefined, now: number): string {
  if (time === undefined) return '-';
  const distance = now - Date.parse(time);
  return distance >= 0 ? `${formatSpan(distance)} ago` : `in ${formatSpan(-distance)}`;
}

/** `main@1234567` of `main@sha1:<40 hex>`; `-` for none. */
export function formatRevision(revision: string | undefined): string {
  return revision === undefined ? '-' : revision.replace(/@sha1:([0-9a-f]{7})[0-9a-f]*$/, '@$1');
}

export function printJson(terminal: Terminal, value: unknown): void {
  terminal.out(JSON.stringify(value, null, 2));
}
