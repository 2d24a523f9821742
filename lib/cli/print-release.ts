import { formatImageRef } from '../domain/images/image-ref.ts';
import type { ContainerUpdate, ReleaseResults } from '../domain/release/release-result.ts';
import { formatTable } from './print.ts';

// The blanks are fluxctl's: columns are never narrower than with them.
const head = ['WORKLOAD ', 'STATUS ', 'UPDATES'];

/** What became of each workload, as fluxctl prints it: 0 leaves out what was skipped and ignored, 1 what was ignored. */
export function formatRelease(results: ReleaseResults, verbosity: 0 | 1 | 2, width?: number): readonly string[] {
  const rows: string[][] = [];
  for (const [id, { status, error, containers }] of [...results].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (verbosity < 2 && status === 'ignored') continue;
    if (verbosity < 1 && status === 'skipped') continue;
    const lines = [...(error === undefined ? [] : [error]), ...containers.map(formatUpdate)];
    const [first = '', ...more] = lines;
    rows.push([id, status, first], ...more.map((line) => ['', '', line]));
  }
  return formatTable(head, rows, width);
}

function formatUpdate({ container, current, target, downgrade }: ContainerUpdate): string {
  return `${container}: ${formatImageRef(current)} -> ${target.tag ?? target.digest}${downgrade ? ' (downgrade)' : ''}`;
}
