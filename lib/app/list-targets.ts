import type { Target } from '../domain/settings.ts';
import { describeTarget, type TargetStatus } from '../domain/target-status.ts';
import type { Store } from './ports.ts';
import { readTargetStates } from './target-state.ts';

/** How every target of the settings stands, in their order. */
export async function listTargets(targets: Iterable<Target>, store: Store): Promise<readonly TargetStatus[]> {
  const states = await readTargetStates(store);
  return Array.from(targets, (target) => describeTarget(target, states.get(target.name) ?? { target: target.name }));
}
