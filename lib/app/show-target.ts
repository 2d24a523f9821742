import { mayHaveObjects } from '../domain/jobs/target-state.ts';
import { describeOrphan, describeTarget, type TargetStatus } from '../domain/jobs/target-status.ts';
import type { Target } from '../domain/settings/settings.ts';
import type { Store } from './ports.ts';
import { readTargetState } from './records/target-state.ts';

/** How one target stands; undefined if it is neither in the settings nor remembered with objects that may be in its cluster. */
export async function showTarget(
  targets: ReadonlyMap<string, Target>,
  store: Store,
  name: string,
): Promise<TargetStatus | undefined> {
  const target = targets.get(name);
  const state = await readTargetState(store, name);
  if (target !== undefined) return describeTarget(target, state);
  return mayHaveObjects(state) ? describeOrphan(state) : undefined;
}
