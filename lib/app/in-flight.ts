/** How many requests to one API server, or writes to one store, are under way at once. */
export const requestsInFlight = 48;

/** Runs `task` for each item, `limit` at a time, in order of the items; throws the first error after the tasks under way have ended. */
export async function forEachInFlight<T>(
  items: readonly T[],
  limit: number,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const errors: unknown[] = [];
  async function work(): Promise<void> {
    for (const item of queue) {
      if (errors.length > 0) return;
      try {
        await task(item);
      } catch (error) {
        errors.push(error);
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work));
  if (errors.length > 0) throw errors[0];
}

/** As `forEachInFlight`; gives what the tasks resolve with in the order of the items, whichever ends first. */
export async function mapInFlight<T, Result>(
  items: readonly T[],
  limit: number,
  task: (item: T) => Promise<Result>,
): Promise<readonly Result[]> {
  const results = new Array<Result>(items.length);
  await forEachInFlight([...items.entries()], limit, async ([index, item]) => {
    results[index] = await task(item);
  });
  return results;
}
