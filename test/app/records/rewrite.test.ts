import { expect, it } from 'vitest';
import { rewrite } from '../../../lib/app/records/rewrite.ts';
import { createJobWorld } from '../jobs/job-world.ts';

const key = { partition: 'p', sort: 's' };

it('ten writers at once lose no write of any', async () => {
  const { store } = createJobWorld().ports;
  const writers = Array.from({ length: 10 }, (_, n) =>
    rewrite<number[]>(store, key, (found = []) => ({ body: [...found, n] })),
  );
  await Promise.all(writers);
  const item = await store.get('p', 's');
  expect(new Set(item?.body as number[])).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
  expect(item?.order).toBe(10);
});

it('what is to be left as it is costs no write', async () => {
  const { store } = createJobWorld().ports;
  const put = () => Promise.reject(new Error('written'));
  expect(await rewrite({ ...store, put }, key, () => undefined)).toBeUndefined();
});

it('an item that others always write first is a server failure', async () => {
  const { store } = createJobWorld().ports;
  const busy = { ...store, put: async () => false };
  await expect(rewrite(busy, key, () => ({ body: 1 }))).rejects.toMatchObject({
    fault: 'server',
    message: 'Cannot write "p s": others wrote it 20 times meanwhile',
  });
});
