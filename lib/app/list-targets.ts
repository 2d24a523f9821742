import { mayHaveObjects } from '../domain/jobs/target-state.ts';
import { describeOrphan, describeTarget, type TargetStatus } from '../domain/jobs/target-status.ts';
import type { Target } from '../domain/settings/settings.ts';
import type { Store } from './ports.ts';
import { readTargetStates } from './records/target-state.ts';

/**
 * How every target of the settings stands, in their order, and then those that are remembered and no longer in the settings, by name. Whom
 * another target adopts is none of these: its objects are accounted for.
 */
export async function listTargets(
  targets: ReadonlyMap<string, Target>,
  store: Store,
): Promise<readonly TargetStatus[]> {
  const states = await readTargetStates(store);
  const known = [...targets.values()];
  const adopted = new Set(known.flatMap(({ adopts }) => adopts));
  const orphans = [...states.values()].filter((state) => {
    return !targets.has(state.target) && !adopted.has(state.target) && mayHaveObjects(state);
  });
  return [
    ...known.map((target) => describeTarget(target, states.get(target.name) ?? { target: target.name })),
    ...orphans.map(describeOrphan),
  ];
}
