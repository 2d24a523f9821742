import { formatImageRef } from '../images/image-ref.ts';
import { type Action, noChanges, type ObjectResult } from '../jobs/run.ts';
import type { ReleaseResults, ReleaseStatus, WorkloadResult } from './release-result.ts';

/** What a release did to the workloads of a target. */
export interface TargetResults {
  readonly target: string;
  readonly results: ReleaseResults;
}

/** Whether one of them gets something else. */
export function isChanged({ results }: TargetResults): boolean {
  return [...results.values()].some(({ status }) => status === 'success');
}

const actions: Readonly<Record<ReleaseStatus, Action>> = {
  success: 'configured',
  skipped: 'skipped',
  ignored: 'unchanged',
  failed: 'failed',
};

const order: readonly ReleaseStatus[] = ['failed', 'success', 'skipped', 'ignored'];

/** The workloads as the run tells of them: failures first, then what has changed. */
export function releasedObjects(targets: readonly TargetResults[]): readonly ObjectResult[] {
  const objects = targets.flatMap(({ target, results }) =>
    [...results].map(([id, result]) => ({ status: result.status, object: objectOf(id, target, result) })),
  );
  return objects.sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status)).map(({ object }) => object);
}

function objectOf(id: string, target: string, { status, error, containers }: WorkloadResult): ObjectResult {
  const updates = containers.map(({ container, current, target, downgrade }) => ({
    container,
    current: formatImageRef(current),
    target: formatImageRef(target),
    ...(downgrade && { downgrade }),
  }));
  return {
    id,
    action: actions[status],
    ...(error !== undefined && { error }),
    release: { target, status, containers: updates },
  };
}

/** How many of each. */
export function releasedChanges(targets: readonly TargetResults[]): Readonly<Record<Action, number>> {
  const changes: Record<Action, number> = { ...noChanges };
  for (const { results } of targets) for (const { status } of results.values()) changes[actions[status]]++;
  return changes;
}

/** The results of all targets as one, for the text of a commit: a workload of several targets has the updates of all. */
export function mergeResults(targets: readonly TargetResults[]): ReleaseResults {
  const merged = new Map<string, WorkloadResult>();
  for (const { results } of targets) {
    for (const [id, result] of results) {
      const before = merged.get(id);
      if (before?.status !== 'success') merged.set(id, result);
      else if (result.status === 'success')
        merged.set(id, { ...before, containers: [...before.containers, ...result.containers] });
    }
  }
  return merged;
}
