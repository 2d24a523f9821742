import { releaseGroup } from '../../domain/jobs/release-group.ts';
import type { RunSummary } from '../../domain/jobs/run.ts';
import type { Clock, Item, Store } from '../ports.ts';

/** The right to sync a target, or to write to a branch, for a minute at a time. Given back when disposed of. */
export interface Lease extends AsyncDisposable {
  /** For another minute from now. False if it was lost: another may hold it. */
  renew(): Promise<boolean>;
}

export interface LeaseRequest {
  /** Its name, or `releaseLease` of a branch. */
  readonly target: string;
  /** `<installation>/<run>`, for people who look. */
  readonly holder: string;
  /** Of this attempt alone: another attempt of the same run is another holder, since the first may be frozen and not dead. */
  readonly token: string;
}

interface Held {
  readonly holder: string;
  readonly token: string;
}

/** Of leases and of messages: a worker that died is followed by another after this time (DESIGN §3). */
export const leaseSeconds = 60;
const sort = 'lease';

/** What is leased by who writes to a branch; no target has such a name. */
export function releaseLease(source: { readonly url: string; readonly branch: string }): string {
  return `release/${releaseGroup(source)}`;
}

/** What a worker leases for a run. */
export function leaseOf({ target, repository }: RunSummary): string {
  return repository === undefined ? target : releaseLease(repository);
}

/** The lease of the target, or undefined while another holds it. */
export async function takeLease(store: Store, clock: Clock, request: LeaseRequest): Promise<Lease | undefined> {
  const { target, holder, token } = request;
  const partition = partitionOf(target);
  const order = clock();

  /** Whole seconds, rounded down: the lease is free when the message of a worker that died shows up again. */
  function item(): Item {
    const body: Held = { holder, token };
    return { partition, sort, order, body, expiresAt: Math.floor(clock() / 1000) + leaseSeconds };
  }

  const taken = (await store.put(item(), { absent: true })) || (await holds(store, target, token));
  if (!taken) return undefined;
  return {
    renew: () => store.put(item(), { orderIs: order }),
    // What cannot be given back ends by itself, and the work that was done under it counts.
    [Symbol.asyncDispose]: () =>
      store.delete(partition, sort, { orderIs: order }).then(
        () => undefined,
        () => undefined,
      ),
  };
}

/** `<installation>/<run>` of the worker that is at the target now. */
export async function leaseHolder(store: Store, target: string): Promise<string | undefined> {
  return (await held(store, target))?.holder;
}

/** For the start of a process that owns the store: whoever held the lease is dead. */
export async function breakLease(store: Store, target: string): Promise<void> {
  await store.delete(partitionOf(target), sort);
}

/** A store that answered too late and was asked again says no to what it has written itself. */
async function holds(store: Store, target: string, token: string): Promise<boolean> {
  return (await held(store, target))?.token === token;
}

async function held(store: Store, target: string): Promise<Held | undefined> {
  const item = await store.get(partitionOf(target), sort);
  return item?.body as Held | undefined;
}

function partitionOf(target: string): string {
  return `target/${target}`;
}
