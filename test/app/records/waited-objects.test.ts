import { expect, it } from 'vitest';
import { loadWaited, storeWaited } from '../../../lib/app/records/waited-objects.ts';
import { createJobWorld, inProgress } from '../jobs/job-world.ts';

const attempt = { run: 'r1', at: Date.parse('2025-03-01T10:00:00Z'), revision: 'main@sha1:x' } as const;
const later = { ...attempt, at: attempt.at + 1000 };

it.each([0, 1, 200, 5000])('%i waited objects are read as they were stored, in order', async (count) => {
  const { store } = createJobWorld().ports;
  const { waitingFor } = inProgress(...Array.from({ length: count }, (_, index) => `web-${index}`));
  await storeWaited(store, attempt, waitingFor);
  expect(await loadWaited(store, attempt)).toEqual(waitingFor);
});

it('another attempt of the same run waits for its own objects alone', async () => {
  const { store } = createJobWorld().ports;
  await storeWaited(store, attempt, inProgress('a', 'b').waitingFor);
  await storeWaited(store, later, inProgress('b').waitingFor);
  expect(await loadWaited(store, later)).toEqual(inProgress('b').waitingFor);
});

it('objects that are not recorded are not taken for none', async () => {
  const { store } = createJobWorld().ports;
  await expect(loadWaited(store, attempt)).rejects.toMatchObject({ fault: 'server' });
});
