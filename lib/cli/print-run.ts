import type { Run } from '../api.ts';
import { tryParseImageRef } from '../domain/images/image-ref.ts';
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
    ['Kind', run.kind === 'sync' ? undefined : run.kind],
    [
      run.targets === undefined || run.targets.length === 1 ? 'Target' : 'Targets',
      (run.targets ?? [run.target]).join(', '),
    ],
    ['Cause', `${run.cause.kind} by ${run.cause.by}`],
    ['Revision', run.revision],
    ...(run.pushed ?? []).flatMap(({ commit, branch, pullRequest }): [string, string | undefined][] => [
      ['Commit pushed', `${commit} to ${branch}`],
      ['Pull request', pullRequest],
    ]),
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
  const rows = run.objects.map((object) => [object.id, object.action, messageOf(object)]);
  const [head = '', ...lines] = formatTable(['OBJECT', 'ACTION', 'MESSAGE'], rows);
  terminal.out('');
  terminal.out(terminal.paint('bold', head));
  for (const [index, line] of lines.entries()) {
    const style = actionStyles[run.objects[index]?.action ?? ''];
    terminal.out(style === undefined ? line : terminal.paint(style, line));
  }
}

/** Why it was refused or what should be known of it; of a workload that was released what it got, in fluxctl's words. */
function messageOf({ error, warning, release }: Run['objects'][number]): string {
  const updates = (release?.containers ?? []).map(({ container, current, target, downgrade }) => {
    return `${container}: ${current} -> ${tagOf(target)}${downgrade ? ' (downgrade)' : ''}`;
  });
  return [error ?? warning, ...updates].filter((text) => text !== undefined).join('; ');
}

function tagOf(image: string): string {
  const { tag, digest } = tryParseImageRef(image) ?? {};
  return tag ?? digest ?? image;
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

/** Of a release what it has pushed. */
function writtenRevision({ pushed }: Run): Run['revision'] {
  const last = pushed?.at(-1);
  return last && `${last.branch}@sha1:${last.commit}`;
}

/** A row of `sluice runs`. */
export function runRow(run: Run, now: number): string[] {
  return [
    run.id,
    run.targets === undefined || run.targets.length < 2 ? run.target : `${run.target} +${run.targets.length - 1}`,
    formatStatus(run),
    formatRevision(writtenRevision(run) ?? run.revision),
    formatChanges(run.changes),
    run.cause.kind,
    formatTime(run.queuedAt, now),
    formatTook(run, now),
  ];
}
