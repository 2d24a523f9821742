import type { Clock, QueueName } from '../../app/ports.ts';

/** Receivers that wait for something to do. */
export interface Waiters {
  /** Ends every wait for this queue. */
  wake(queue: QueueName): void;
  /** Until `wake`, the time `until` (epoch milliseconds) or the signal, whichever is first. */
  wait(queue: QueueName, until: number, signal: AbortSignal | undefined): Promise<void>;
}

/** What setTimeout takes; a longer wait looks again. */
const longestTimeoutMs = 2 ** 31 - 1;

export function createWaiters(clock: Clock): Waiters {
  const waiting = new Map<QueueName, Set<() => void>>();

  return {
    wake(queue) {
      for (const end of waiting.get(queue) ?? []) end();
    },

    wait(queue, until, signal) {
      const ends = waiting.get(queue) ?? new Set();
      waiting.set(queue, ends);
      return new Promise((resolve) => {
        function end(): void {
          clearTimeout(timer);
          signal?.removeEventListener('abort', end);
          ends.delete(end);
          resolve();
        }
        const timer = setTimeout(end, Math.min(Math.max(until - clock(), 0), longestTimeoutMs));
        signal?.addEventListener('abort', end);
        ends.add(end);
      });
    },
  };
}
