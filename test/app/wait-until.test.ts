import { expect, it } from 'vitest';
import { waitUntil } from '../../lib/app/wait-until.ts';

/** What is so at the `nth` look: whether it was seen within `limit`, and the pauses until then. */
async function look(nth: number, limit: number): Promise<{ seen: boolean; pauses: number[] }> {
  const pauses: number[] = [];
  let looks = 0;
  const seen = await waitUntil(
    async () => ++looks === nth,
    limit,
    async (pause) => void pauses.push(pause),
  );
  return { seen, pauses };
}

it('what is so is waited for no longer', async () => {
  expect(await look(1, 1000)).toEqual({ seen: true, pauses: [] });
  expect(await look(4, 30_000)).toEqual({ seen: true, pauses: [50, 100, 200] });
});

it('pauses grow up to a second, and the last look is when the time is over', async () => {
  const { seen, pauses } = await look(100, 3000);
  expect(seen).toBe(false);
  expect(pauses).toEqual([50, 100, 200, 400, 800, 1000, 1000]);
});

it('a sleep that is ended ends the waiting', async () => {
  const ended = new Error('stopped');
  await expect(
    waitUntil(
      async () => false,
      1000,
      () => Promise.reject(ended),
    ),
  ).rejects.toBe(ended);
});
