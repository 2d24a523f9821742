import type { Clock, ReadSecret } from '../app/ports.ts';
import type { SecretRef } from '../domain/settings/secret-ref.ts';

const keptMs = 1000;

interface Kept {
  readonly until: number;
  readonly value: Promise<string>;
}

/**
 * Reads each secret at most once a second: of a thousand deliveries in it one opens the file. A rotated secret counts a second later, or at once for
 * who asks for the newest; one that cannot be read is read again.
 */
export function createBriefMemory(readSecret: ReadSecret, clock: Clock): ReadSecret {
  const memory = new WeakMap<SecretRef, Kept>();

  return (ref, options) => {
    const known = memory.get(ref);
    if (known !== undefined && clock() < known.until && !options?.newest) return known.value;
    const value = readSecret(ref, options);
    memory.set(ref, { until: clock() + keptMs, value });
    value.catch(() => memory.delete(ref));
    return value;
  };
}
