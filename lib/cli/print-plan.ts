import { createTwoFilesPatch } from 'diff';
import { stringify } from 'yaml';
import type { KubeObject } from '../domain/objects/kube-object.ts';
import type { PlannedObject, PlanView } from '../domain/objects/plan-view.ts';
import { clean } from './print.ts';
import { printError } from './print-run.ts';
import type { Style, Terminal } from './terminal.ts';

/** What the API server and Sluice keep for themselves: it is in nobody's git. */
const serverFields = new Set([
  'managedFields',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'selfLink',
]);
const bookkeeping = new Set(['sluice.dev/applied', 'kubectl.kubernetes.io/last-applied-configuration']);

/** An edit script longer than this takes minutes and is read by nobody. */
const mostEdits = 5000;

const styles: Readonly<Record<string, Style>> = { '+': 'green', '-': 'red', '@': 'cyan' };

/** Prints a unified diff of each object and a summary. Values of Secrets are masked. */
export function printPlan(terminal: Terminal, view: PlanView): void {
  for (const object of view.objects) printObject(terminal, maskObject(object));
  for (const warning of view.warnings ?? []) terminal.out(terminal.paint('yellow', `Warning: ${clean(warning)}`));
  if (view.error !== undefined) printError(terminal, view.error);
  terminal.out(formatSummary(view.summary));
}

/** The plan with the values of Secrets masked and without what the API server keeps for itself. */
export function maskPlan(view: PlanView): PlanView {
  return { ...view, objects: view.objects.map(maskObject) };
}

function printObject(terminal: Terminal, { id, action, before, after, note }: PlannedObject): void {
  terminal.out(terminal.paint('bold', `${clean(id)} ${action}`));
  if (note !== undefined) terminal.out(terminal.paint('yellow', `  ${clean(note)}`));
  if (before !== undefined || after !== undefined) {
    for (const line of diffLines(id, toYaml(before), toYaml(after))) {
      const style = styles[line[0] ?? ''];
      terminal.out(style === undefined ? line : terminal.paint(style, line));
    }
  }
  terminal.out('');
}

function diffLines(id: string, before: string, after: string): string[] {
  if (before === after) return [];
  const names = [before === '' ? '/dev/null' : `live/${id}`, after === '' ? '/dev/null' : `git/${id}`] as const;
  const patch = createTwoFilesPatch(...names, before, after, undefined, undefined, {
    context: 3,
    maxEditLength: mostEdits,
    headerOptions: { includeIndex: false, includeUnderline: false, includeFileHeaders: true },
  });
  return patch === undefined ? ['  (the difference is too long to show)'] : patch.trimEnd().split('\n');
}

function toYaml(object: KubeObject | undefined): string {
  if (object === undefined) return '';
  // YAML quotes most control characters, but not all that a terminal obeys.
  return stringify(object, { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false }).replace(
    /[^\P{Cc}\n\t]/gu,
    (character) => `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`,
  );
}

const words = {
  created: 'to create',
  configured: 'to change',
  deleted: 'to delete',
  failed: 'failed',
  skipped: 'skipped',
};

function formatSummary(summary: PlanView['summary']): string {
  const parts = Object.entries(words)
    .map(([action, word]) => [summary[action as keyof typeof words], word] as const)
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`);
  return [...(parts.length === 0 ? ['No changes'] : parts), `${summary.unchanged} unchanged`].join(', ');
}

function maskObject(object: PlannedObject): PlannedObject {
  const { before, after } = object;
  return {
    ...object,
    ...(before && { before: maskSecret(withoutBookkeeping(before), after, 'before') }),
    ...(after && { after: maskSecret(withoutBookkeeping(after), before, 'after') }),
  };
}

function withoutBookkeeping(object: KubeObject): KubeObject {
  const { status: _, ...rest } = object;
  const { annotations, ...metadata } = object.metadata;
  const kept = without(annotations ?? {}, bookkeeping);
  return {
    ...rest,
    metadata: { ...without(metadata, serverFields), ...(Object.keys(kept).length > 0 && { annotations: kept }) },
  } as KubeObject;
}

function without(map: object, names: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).filter(([name]) => !names.has(name)));
}

/** As `kubectl diff`: a value that differs is `*** (before)` and `*** (after)`, one that does not is `***`. */
function maskSecret(object: KubeObject, other: KubeObject | undefined, side: 'before' | 'after'): KubeObject {
  if (object.kind !== 'Secret' || object.apiVersion !== 'v1') return object;
  const masked: Record<string, unknown> = { ...object };
  for (const field of ['data', 'stringData']) {
    const values = entriesOf(object[field]);
    if (values === undefined) {
      if (object[field] !== undefined && object[field] !== null) masked[field] = '***';
      continue;
    }
    const others = entriesOf(other?.[field]);
    masked[field] = Object.fromEntries(
      Object.entries(values).map(([name, value]) => {
        const differs = others !== undefined && Object.hasOwn(others, name) && others[name] !== value;
        return [name, differs ? `*** (${side})` : '***'];
      }),
    );
  }
  return masked as KubeObject;
}

function entriesOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as Readonly<Record<string, unknown>>;
}
