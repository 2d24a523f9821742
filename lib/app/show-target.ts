import type { Target } from '../domain/settings.ts';
import { describeTarget, type TargetStatus } from '../domain/target-status.ts';
import type { Store } from './ports.ts';
import { readTargetState } from './target-state.ts';

/** How one target stands. */
export async function showTarget(target: Target, store: Store): Promise<TargetStatus> {
  return describeTarget(target, await readTargetState(store, target.name));
}
