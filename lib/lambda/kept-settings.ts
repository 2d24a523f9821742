import type { Clock, Store } from '../app/ports.ts';

/** The last settings that were good, as they were parsed. */
export interface KeptSettings {
  readonly etag: string;
  readonly document: unknown;
}

const partition = 'settings';

export async function readKeptSettings(store: Store, address: string): Promise<KeptSettings | undefined> {
  return (await store.get(partition, address))?.body as KeptSettings | undefined;
}

export async function keepSettings(store: Store, clock: Clock, address: string, kept: KeptSettings): Promise<void> {
  await store.put({ partition, sort: address, order: clock(), body: kept });
}
