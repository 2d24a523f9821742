import { setTimeout as sleep } from 'node:timers/promises';

/** What may be asked of one host by everything in this process together: so many at once, and so many a second. */
export interface Budget {
  /** Runs a request when its turn has come. Undefined, without running it, if that is later than `patienceMs` from now. */
  take<T>(host: string, request: () => Promise<T>, patienceMs: number, signal?: AbortSignal): Promise<T | undefined>;
  /** The host asked for less (429): nobody asks it before `waitMs` are over, and from then on half as often. */
  slow(host: string, waitMs: number): void;
  /** How long it is until the host may be asked, in milliseconds. */
  wait(host: string): number;
}

// fluxd's own (facts/flux-v1.md §1.1, §1.8): 50 a second, 10 at once, halved at a 429, by half more again after 20 minutes without one.
const atOnce = 10;
const leastIntervalMs = 20;
const mostIntervalMs = 10_000;
const recoveryMs = 20 * 60_000;

interface HostState {
  active: number;
  readonly waiting: (() => void)[];
  intervalMs: number;
  nextAt: number;
  troubleAt: number;
}

export function createBudget(now: () => number = () => performance.now()): Budget {
  const hosts = new Map<string, HostState>();

  function stateOf(host: string): HostState {
    const known = hosts.get(host) ?? {
      active: 0,
      waiting: [],
      intervalMs: leastIntervalMs,
      nextAt: 0,
      troubleAt: now(),
    };
    hosts.set(host, known);
    return known;
  }

  function reserve(state: HostState): number {
    if (state.intervalMs > leastIntervalMs && now() - state.troubleAt > recoveryMs) {
      state.intervalMs = Math.max(leastIntervalMs, state.intervalMs / 1.5);
      state.troubleAt = now();
    }
    const at = Math.max(now(), state.nextAt);
    state.nextAt = at + state.intervalMs;
    return at - now();
  }

  async function slot(state: HostState, signal: AbortSignal | undefined): Promise<void> {
    while (state.active >= atOnce) {
      await new Promise<void>((resolve) => state.waiting.push(resolve));
      // Whose turn it is and who does not want it any more lets the next one in.
      if (signal?.aborted) state.waiting.shift()?.();
      signal?.throwIfAborted();
    }
    state.active++;
  }

  return {
    async take(host, request, patienceMs, signal) {
      const state = stateOf(host);
      if (state.nextAt - now() > patienceMs) return undefined;
      await slot(state, signal);
      try {
        const waitMs = reserve(state);
        if (waitMs > patienceMs) return undefined;
        if (waitMs > 0) await sleep(waitMs, undefined, signal ? { signal } : {});
        return await request();
      } finally {
        state.active--;
        state.waiting.shift()?.();
      }
    },
    slow(host, waitMs) {
      const state = stateOf(host);
      state.intervalMs = Math.min(mostIntervalMs, state.intervalMs * 2);
      state.nextAt = Math.max(state.nextAt, now() + waitMs);
      state.troubleAt = now();
    },
    wait: (host) => Math.max(0, stateOf(host).nextAt - now()),
  };
}
