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
