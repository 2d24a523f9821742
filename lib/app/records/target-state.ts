import type { TargetState } from '../../domain/jobs/target-state.ts';
import type { Store } from '../ports.ts';
import { rewrite } from './rewrite.ts';

/** One partition for all targets: `schedule` and the API read them with one query, and a sync writes two or three times. */
const partition = 'targets';
const pageSize = 500;

/** What is known of the target; nothing but its name before its first sync. */
export async function readTargetState(store: Store, target: string): Promise<TargetState> {
  const item = await store.get(partition, target);
  return (item?.body as TargetState | undefined) ?? { target };
}

/** Of every target that was ever synced, by name. */
export async function readTargetStates(store: Store): Promise<ReadonlyMap<string, TargetState>> {
  const states = new Map<string, TargetState>();
  let after = '';
  for (;;) {
    const items = await store.query(partition, { limit: pageSize, ...(after !== '' && { after }) });
    for (const item of items) states.set(item.sort, item.body as TargetState);
    const last = items.at(-1);
    if (last === undefined || items.length < pageSize) return states;
    after = last.sort;
  }
}

/** Writes what `step` (domain/jobs/target-state.ts) makes of the state; false if it made nothing of it. `step` may be called several times. */
export async function stepTargetState(
  store: Store,
  target: string,
  step: (state: TargetState) => TargetState | undefined,
): Promise<boolean> {
  const written = await rewrite<TargetState>(store, { partition, sort: target }, (found) => {
    const body = step(found ?? { target });
    return body && { body };
  });
  return written !== undefined;
}
