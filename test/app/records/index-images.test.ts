import { describe, expect, it } from 'vitest';
import type { Store } from '../../../lib/app/ports.ts';
import { findUses, readHeads, readRunning } from '../../../lib/app/records/image-index.ts';
import { forgetImages, indexImages } from '../../../lib/app/records/index-images.ts';
import type { TargetImages, UsedWorkload } from '../../../lib/domain/release/target-images.ts';
import { createJobWorld } from '../jobs/job-world.ts';

const source = { url: 'https://github.com/acme/shop.git', branch: 'main' };
const shop = 'registry.acme.io/shop';

function workload(name: string, image: string, policies: UsedWorkload['policies'] = {}): UsedWorkload {
  return { id: `shop:deployment/${name}`, policies, containers: [{ name: 'app', image }] };
}

function images(...workloads: readonly UsedWorkload[]): TargetImages {
  return { workloads, policies: [] };
}

function target(used: TargetImages, name = 'staging') {
  return { name, source, namespace: 'shop', images: used };
}

/** A store that counts what it is asked. */
function countedStore() {
  const { store } = createJobWorld().ports;
  const calls: string[] = [];
  function counted<Arguments extends unknown[], Result>(name: string, call: (...args: Arguments) => Result) {
    return (...args: Arguments): Result => {
      calls.push(name);
      return call(...args);
    };
  }
  const counting: Store = {
    get: counted('get', store.get),
    put: counted('put', store.put),
    delete: counted('delete', store.delete),
    query: counted('query', store.query),
  };
  return { store: counting, calls };
}

describe('the image index', () => {
  it('tells with one query which targets use an image, and what of them waits for its tags', async () => {
    const { store, calls } = countedStore();
    for (let index = 0; index < 120; index++) {
      await indexImages(store, target(images(workload('web', `${shop}:1`)), `t${index}`));
    }
    const automated = { automated: 'true', 'tag.app': 'semver:~1' };
    await indexImages(store, target(images(workload('api', `${shop}:1`, automated), workload('web', `${shop}:2`))));
    calls.length = 0;
    const found = await findUses(store, shop);
    expect(calls).toEqual(['query']);
    expect(found).toHaveLength(121);
    expect(found.find((entry) => entry.target === 'staging')).toEqual({
      target: 'staging',
      ...source,
      workloads: ['shop:deployment/api', 'shop:deployment/web'],
      filters: ['semver:~1'],
      chosen: false,
    });
  });

  it('finds every way to write one repository', async () => {
    const { store } = countedStore();
    await indexImages(store, target(images(workload('web', 'nginx:1'), workload('api', 'docker.io/library/nginx:2'))));
    const [entry] = await findUses(store, 'index.docker.io/library/nginx');
    expect(entry?.workloads).toEqual(['shop:deployment/api', 'shop:deployment/web']);
  });

  it('costs one read where nothing changed, and is written anew where it was lost', async () => {
    const { store, calls } = countedStore();
    const used = target(images(workload('web', `${shop}:1`)));
    expect(await indexImages(store, used)).toBe(true);
    calls.length = 0;
    expect(await indexImages(store, used)).toBe(false);
    expect(calls).toEqual(['get']);
    await store.delete('images', 'staging');
    await store.delete(`image/${shop}`, 'staging/0');
    expect(await indexImages(store, used)).toBe(true);
    expect(await findUses(store, shop)).toHaveLength(1);
  });

  it('forgets an image that is used no more, and a target that is no more', async () => {
    const { store } = countedStore();
    await indexImages(store, target(images(workload('web', `${shop}:1`), workload('db', 'postgres:16'))));
    await indexImages(store, target(images(workload('web', `${shop}:2`))));
    expect(await findUses(store, 'index.docker.io/library/postgres')).toEqual([]);
    expect(await readRunning(store, 'staging')).toEqual({
      namespace: 'shop',
      images: images(workload('web', `${shop}:2`)),
    });
    await forgetImages(store, 'staging');
    await forgetImages(store, 'staging');
    expect(await findUses(store, shop)).toEqual([]);
    expect(await readRunning(store, 'staging')).toBeUndefined();
    expect((await readHeads(store)).size).toBe(0);
    expect(await store.query('images-of/staging')).toEqual([]);
  });

  it('of ten thousand workloads keeps every item below the bound, and answers an event in milliseconds', async () => {
    const { store } = countedStore();
    const many = Array.from({ length: 10_000 }, (_, index) => {
      return workload(`workload-with-a-long-name-${index}`, `${index % 2 === 0 ? shop : 'redis'}:1`, {
        automated: 'true',
      });
    });
    await indexImages(store, target(images(...many)));
    const running = await readRunning(store, 'staging');
    expect(running?.images.workloads).toEqual(many);
    const uses = await findUses(store, shop);
    expect(uses.length).toBeGreaterThan(1);
    expect(uses.flatMap(({ workloads }) => workloads)).toHaveLength(5000);
    // Fewer parts than before: the others go.
    await indexImages(store, target(images(workload('web', `${shop}:1`))));
    expect(await findUses(store, shop)).toHaveLength(1);
    const times: number[] = [];
    for (let round = 0; round < 20; round++) {
      const begin = performance.now();
      await findUses(store, shop);
      times.push(performance.now() - begin);
    }
    expect(times.sort((a, b) => a - b)[10]).toBeLessThan(50);
  });
});
