import { expect } from 'vitest';
import { findOpenRuns } from '../../../lib/app/records/open-runs.ts';
import type { JobPorts, JobWorld } from './job-world.ts';

/**
 * A process that is killed: every call of store, queue, sync and health counts, the `at`th is the last that happens, and whoever made it
 * never hears of it.
 */
export function killedAt(at: number, ports: JobPorts): { ports: JobPorts; isDead: () => boolean } {
  let calls = 0;

  function mortal<Given extends unknown[], Result>(act: (...given: Given) => Promise<Result>) {
    return async (...given: Given): Promise<Result> => {
      calls++;
      if (calls > at) throw new Error('killed');
      const result = await act(...given);
      if (calls >= at) throw new Error('killed');
      return result;
    };
  }

  const { store, queue } = ports;
  return {
    isDead: () => calls >= at,
    ports: {
      ...ports,
      store: {
        get: mortal(store.get),
        put: mortal(store.put),
        delete: mortal(store.delete),
        query: mortal(store.query),
      },
      queue: {
        ...queue,
        send: mortal(queue.send),
        extend: mortal(queue.extend),
        acknowledge: mortal(queue.acknowledge),
      },
      sync: mortal(ports.sync),
      checkHealth: mortal(ports.checkHealth),
    },
  };
}

/** Runs `story` with a kill at its first call, at its second, and so on until one passes without; returns how many there were. */
export async function killEverywhere(story: (killAt: number) => Promise<boolean>): Promise<number> {
  for (let at = 1; ; at++) if (!(await story(at))) return at;
}

/** Nothing is left behind: no run that is not over, no message, and no lease once that of the dead has run out. */
export async function expectSettled(world: JobWorld): Promise<void> {
  expect(await findOpenRuns(world.ports.store, world.now())).toEqual([]);
  for (const queue of ['sync', 'check'] as const) {
    expect(await world.ports.queue.depth(queue)).toEqual({ waiting: 0, inFlight: 0, dead: 0 });
  }
  world.advance(1);
  expect(await world.ports.store.get('target/shop', 'lease')).toBeUndefined();
}
