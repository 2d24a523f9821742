import { Failure } from '../../domain/failure.ts';
import type { Begun } from '../../domain/jobs/target-state.ts';
import type { WaitedObject } from '../outcome.ts';
import type { Store } from '../ports.ts';

/** The names of an object are at most 400 characters long, and what it lacks is a sentence. */
const chunkSize = 200;
const longestMessage = 500;
const keptSeconds = 30 * 86_400;

/** Stores what an attempt waits for, before it is said to wait: so many objects that they do not fit into the run's own item. */
export async function storeWaited(store: Store, attempt: Begun, waited: readonly WaitedObject[]): Promise<void> {
  const chunks = Math.max(Math.ceil(waited.length / chunkSize), 1);
  const expiresAt = Math.floor(attempt.at / 1000) + keptSeconds;
  await Promise.all(
    Array.from({ length: chunks }, (_, index) => {
      const body = waited.slice(index * chunkSize, (index + 1) * chunkSize).map(shortened);
      return store.put({ ...keyOf(attempt, index), order: chunks, body, expiresAt });
    }),
  );
}

/** Throws a `server` Failure if they are not there: nothing is known of the run's health then. */
export async function loadWaited(store: Store, attempt: Begun): Promise<readonly WaitedObject[]> {
  const waited: WaitedObject[] = [];
  for (let index = 0, chunks = 1; index < chunks; index++) {
    const { partition, sort } = keyOf(attempt, index);
    const item = await store.get(partition, sort);
    if (item === undefined) {
      throw new Failure('server', `Cannot look at the objects of run "${attempt.run}": which they are is not recorded`);
    }
    waited.push(...(item.body as readonly WaitedObject[]));
    chunks = item.order;
  }
  return waited;
}

function shortened({ object, message }: WaitedObject): WaitedObject {
  return { object, message: message.slice(0, longestMessage) };
}

function keyOf({ run, at }: Begun, index: number): { readonly partition: string; readonly sort: string } {
  return { partition: `run/${run}`, sort: `waited/${at}/${index}` };
}
