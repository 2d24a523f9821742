import type { Run } from '../api.ts';
import { actions } from '../domain/jobs/run.ts';
import { clean, formatDetails, formatRevision, formatSpan, formatTable, formatTime } from './print.ts';
import type { Style, Terminal } from './terminal.ts';

const actionStyles: Readonly<Record<string, Style>> = {
  created: 'green',
  configured: 'yellow',
  deleted: 'red',
  failed: 'red',
  skipped: 'dim',
};

/** `2 created, 1 failed, 5 unchanged`; `nothing` where there is nothing. */
export function formatChanges(changes: Run['changes']): string {
  const parts = actions.filter((action) => changes[action] > 0).map((action) => `${changes[action]} ${action}`);
  return parts.length === 0 ? 'nothing' : parts.join(', ');
}

/** `waiting` of a run that has applied everything, `retrying` of one that is tried again, else its status. */
function formatStatus(run: Pick<Run, 'status' | 'phase' | 'error'>): string {
  if (run.status === 'queued' && run.error !== undefined) return 'retrying';
  return run.phase === 'waiting' ? 'waiting' : run.status;
}

/** How long a run took, or takes by now. */
function formatTook(run: Run, now: number): string {
  if (run.startedAt === undefined) return '-';
  return formatSpan((run.finishedAt === undefined ? now : Date.parse(run.finishedAt)) - Date.parse(run.startedAt));
}

export function printRun(terminal: Terminal, run: Run, now: number): void {
  const entries: [string, string | undefined][] = [
    ['Run', run.id],
    ['Target', run.target],
    ['Cause', `${run.cause.kind} by ${run.cause.by}`],
    ['Revision', run.revision],
    ['Status', formatStatus(run)],
    ['Superseded by', run.supersededBy],
    ['Queued', `${run.queuedAt} (${formatTime(run.queuedAt, now)})`],
    ['Waiting for', run.waitingFor],
    ['Next attempt', run.againAt && formatTime(run.againAt, now)],
    ['Took', run.startedAt === undefined ? undefined : formatTook(run, now)],
    ['Changes', formatChanges(run.changes)],
  ];
  for (const line of formatDetails(entries)) terminal.out(line);
  printObjects(terminal, run);
  printProblems(terminal, run);
}

/** A row for each object that was touched or refused, its message whole; nothing if there is none. */
export function printObjects(terminal: Terminal, run: Run): void {
  if (run.objects.length === 0) return;
  const rows = run.objects.map(({ id, action, error, warning }) => [id, action, error ?? warning ?? '']);
  const [head = '', ...lines] = formatTable(['OBJECT', 'ACTION', 'MESSAGE'], rows);
  terminal.out('');
  terminal.out(terminal.paint('bold', head));
  for (const [index, line] of lines.entries()) {
    const style = actionStyles[run.objects[index]?.action ?? ''];
    terminal.out(style === undefined ? line : terminal.paint(style, line));
  }
}

/** The warnings of a run, why it failed, and what to do. */
export function printProblems(terminal: Terminal, run: Pick<Run, 'error' | 'warnings'>): void {
  if (run.error === undefined && (run.warnings ?? []).length === 0) return;
  terminal.out('');
  for (const warning of run.warnings ?? []) terminal.out(terminal.paint('yellow', `Warning: ${clean(warning)}`));
  if (run.error !== undefined) printError(terminal, run.error);
}

export function printError(terminal: Terminal, error: NonNullable<Run['error']>, subject?: string): void {
  terminal.out(terminal.paint('red', `${subject ?? 'Error'}: ${clean(error.message)}`));
  if (error.help !== undefined) terminal.out(`  ${clean(error.help)}`);
}

/** A row of `sluice runs`. */
export function runRow(run: Run, now: number): string[] {
  return [
    run.id,
    run.target,
    formatStatus(run),
    formatRevision(run.revision),
    formatChanges(run.changes),
    run.cause.kind,
    formatTime(run.queuedAt, now),
    formatTook(run, now),
  ];
}
