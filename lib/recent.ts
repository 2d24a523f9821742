/** Values that were used last, as many as fit: what a process remembers so as not to do it twice. */
export interface Recent<Value> {
  get(key: string): Value | undefined;
  /** Forgets those that were used longest ago until their sizes together are at most the capacity. */
  set(key: string, value: Value, size: number): void;
}

/** `capacity` is in the unit of the sizes, whatever that is. A value that is larger is not remembered. */
export function createRecent<Value>(capacity: number): Recent<Value> {
  // A Map keeps the order in which keys were set: the first is the one used longest ago.
  const entries = new Map<string, { readonly value: Value; readonly size: number }>();
  let total = 0;

  function forget(key: string): void {
    total -= entries.get(key)?.size ?? 0;
    entries.delete(key);
  }

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, size) {
      forget(key);
      entries.set(key, { value, size });
      total += size;
      for (const oldest of entries.keys()) {
        if (total <= capacity) return;
        forget(oldest);
      }
    },
  };
}
