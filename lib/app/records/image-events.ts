import type { Store } from '../ports.ts';
import { rewrite } from './rewrite.ts';

/** A tag that was pushed and is to be looked at, for one branch of one repository. */
export interface ImageEvent {
  /** Canonical name of the image repository. */
  readonly image: string;
  /** Absent where the sender does not know it: then every tag that was not seen before is looked at. */
  readonly tag?: string;
}

/** With how often it was noted, so that one that is noted anew meanwhile is not taken for done. */
export interface NotedEvent extends ImageEvent {
  readonly order: number;
}

/** A worker that cannot write for so long is helped by hand, and sweeps find what was left. */
const keptSeconds = 86_400;
const mostEvents = 10_000;

/** Notes an event before its job is sent: whichever job of the group comes first takes all that are there. */
export async function noteEvent(store: Store, group: string, event: ImageEvent, now: number): Promise<void> {
  const expiresAt = Math.floor(now / 1000) + keptSeconds;
  await rewrite<ImageEvent>(store, keyOf(group, event), () => ({ body: event, expiresAt }));
}

export async function readEvents(store: Store, group: string): Promise<readonly NotedEvent[]> {
  const items = await store.query(partitionOf(group), { limit: mostEvents });
  return items.map(({ body, order }) => ({ ...(body as ImageEvent), order }));
}

/** They were dealt with. */
export async function dropEvents(store: Store, group: string, events: readonly NotedEvent[]): Promise<void> {
  for (const event of events) {
    const { partition, sort } = keyOf(group, event);
    await store.delete(partition, sort, { orderIs: event.order });
  }
}

function keyOf(group: string, { image, tag = '' }: ImageEvent) {
  return { partition: partitionOf(group), sort: `${image}:${tag}` };
}

function partitionOf(group: string): string {
  return `release/${group}`;
}
