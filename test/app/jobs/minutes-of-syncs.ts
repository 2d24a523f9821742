import { expect } from 'vitest';
import { schedule } from '../../../lib/app/jobs/schedule.ts';
import type { JobWorld } from './job-world.ts';

/** Ticks every minute and does what is queued; the minutes at which a target was synced, from the start. */
export async function minutesOfSyncs(world: JobWorld, minutes: number, capacity = 10): Promise<number[]> {
  const synced: number[] = [];
  for (let minute = 0; minute < minutes; minute++) {
    for (const id of await schedule(capacity, world.ports)) {
      synced.push(minute);
      expect((await world.run(id)).status).toBe('queued');
    }
    await world.drain(0);
    world.advance(60);
  }
  return synced;
}
