import { describe, expect, it } from 'vitest';
import { receive } from '../../../lib/app/jobs/receive.ts';
import { markDelivery } from '../../../lib/app/records/deliveries.ts';
import { listRuns } from '../../../lib/app/records/run-list.ts';
import { readWanted } from '../../../lib/app/records/wanted.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import { commit, createJobWorld, take, targetsOf } from './job-world.ts';

describe('a delivery', () => {
  it('queues a run and a job for each target of its repository and branch', async () => {
    const world = createJobWorld(
      targetsOf(
        { name: 'shop' },
        { name: 'shop-next', source: { url: 'ssh://git@github.com/acme/shop', branch: 'next' } },
        { name: 'shop-ssh', source: { url: 'git@github.com:acme/shop.git', branch: 'main' } },
        { name: 'other', source: { url: 'https://github.com/acme/other', branch: 'main' } },
      ),
    );
    const received = await receive(world.delivery('d1', commit('b'), { before: commit('a') }), world.ports);
    expect(received.status).toBe(202);
    const runs = await Promise.all(received.runs.map((id) => world.run(id)));
    expect(runs.map(({ target, status, cause }) => [target, status, cause])).toEqual([
      ['shop', 'queued', { kind: 'push', by: 'acme-github' }],
      ['shop-ssh', 'queued', { kind: 'push', by: 'acme-github' }],
    ]);
    expect(await world.ports.queue.depth('sync')).toEqual({ waiting: 2, inFlight: 0, dead: 0 });
    expect((await world.next('sync'))?.body).toMatchObject({
      kind: 'sync',
      target: 'shop',
      run: received.runs[0],
      wanted: world.now(),
      before: commit('a'),
      after: commit('b'),
    });
  });

  it.each([
    ['another branch', [{ kind: 'git', urls: ['https://github.com/acme/shop'], ref: 'refs/heads/next' }]],
    ['a tag of the same name', [{ kind: 'git', urls: ['https://github.com/acme/shop'], ref: 'refs/tags/main' }]],
    ['another repository', [{ kind: 'git', urls: ['https://github.com/acme/other'], ref: 'refs/heads/main' }]],
    ['nothing', []],
  ] as const)('of %s is answered 204 and leaves nothing behind', async (_, changes) => {
    const world = createJobWorld();
    expect(await receive(world.delivery('d1', commit('b'), { changes }), world.ports)).toEqual({
      status: 204,
      runs: [],
    });
    expect((await listRuns(world.ports.store, {}, world.now())).runs).toEqual([]);
  });

  it('that comes three times is one run and one job, and is answered the same', async () => {
    const world = createJobWorld();
    const first = await receive(world.delivery('d1', commit('b')), world.ports);
    world.advance(10);
    expect(await receive(world.delivery('d1', commit('b')), world.ports)).toEqual(first);
    world.advance(200);
    expect(await receive(world.delivery('d1', commit('b')), world.ports)).toEqual(first);
    expect(await world.ports.queue.depth('sync')).toMatchObject({ waiting: 1 });
    expect((await listRuns(world.ports.store, {}, world.now())).runs).toHaveLength(1);
  });

  it('that is delivered again by hand after five minutes syncs again', async () => {
    const world = createJobWorld();
    const [first] = await world.push('d1', commit('b'));
    await world.drain();
    world.advance(301);
    const [second] = await world.push('d1', commit('b'));
    expect(second).not.toBe(first);
    await world.drain();
    expect(await world.run(second)).toMatchObject({ status: 'succeeded' });
    expect(world.place('shop').applied).toEqual([commit('b'), commit('b')]);
  });

  it('without an id of its own is never taken for another', async () => {
    const world = createJobWorld();
    const same = world.delivery('', commit('b'), { deliveryId: undefined });
    const runs = [await receive(same, world.ports), await receive(same, world.ports)].flatMap(
      (received) => received.runs,
    );
    expect(new Set(runs).size).toBe(2);
    expect(await world.ports.queue.depth('sync')).toMatchObject({ waiting: 2 });
  });

  it('to A, to B and back to A within a minute is three syncs', async () => {
    const world = createJobWorld();
    for (const [id, head] of Object.entries({ d1: commit('a'), d2: commit('b'), d3: commit('a') })) {
      await world.push(id, head);
      await world.drain(15);
    }
    expect(world.place('shop').applied).toEqual([commit('a'), commit('b'), commit('a')]);
  });

  it('for a suspended target has a run that is skipped and says why, and no job', async () => {
    const world = createJobWorld(targetsOf({ name: 'shop', suspend: true }));
    const [id] = await world.push('d1', commit('b'));
    expect(await world.run(id)).toMatchObject({
      status: 'skipped',
      error: { fault: 'user', message: 'Cannot sync "shop": it is suspended' },
    });
    expect(await world.ports.queue.depth('sync')).toMatchObject({ waiting: 0 });
  });

  it('that the queue refuses is a server failure and unmarked: the next try queues it', async () => {
    const world = createJobWorld();
    const { queue } = world.ports;
    const refusing = {
      ...queue,
      send: () => Promise.reject(new Failure('server', 'Cannot send 1 message to "sync": refused')),
    };
    const delivery = world.delivery('d1', commit('b'));
    await expect(receive(delivery, { ...world.ports, queue: refusing })).rejects.toMatchObject({ fault: 'server' });
    world.advance(5);
    const { runs } = await receive(delivery, world.ports);
    expect(await queue.depth('sync')).toMatchObject({ waiting: 1 });
    expect((await listRuns(world.ports.store, {}, world.now())).runs.map((run) => run.id)).toEqual(runs);
  });

  it('from a sender that says no commits is queued without hints', async () => {
    const world = createJobWorld();
    const changes = [{ kind: 'git', urls: ['https://github.com/acme/shop'], ref: 'refs/heads/main' }] as const;
    await receive(world.delivery('d1', commit('b'), { changes }), world.ports);
    const { body } = await take(world, 'sync');
    expect(body).not.toHaveProperty('after');
    expect(body).not.toHaveProperty('before');
  });

  it('that tells of an image queues no sync', async () => {
    const world = createJobWorld();
    const changes = [{ kind: 'image', image: 'docker.io/library/nginx', tag: '1.27' }] as const;
    expect(await receive(world.delivery('d1', commit('b'), { changes }), world.ports)).toMatchObject({ status: 204 });
  });

  it('whose mark goes between two looks at it is a new one', async () => {
    const { store } = createJobWorld().ports;
    const gone = { ...store, put: async () => false };
    expect(await markDelivery(gone, 'key', 5)).toEqual({ at: 5, done: false });
  });

  it('never shows the ids of its webhook and of itself in what is kept', async () => {
    const world = createJobWorld();
    const secret = 'unguessable-0123456789-abcdef';
    const delivery = world.delivery('delivery-0123', commit('b'), { webhookId: secret, by: 'dockerhub' });
    const [id] = (await receive(delivery, world.ports)).runs;
    const job = (await take(world, 'sync')).body;
    const kept = JSON.stringify([await world.run(id), job, await readWanted(world.ports.store, 'shop'), world.logged]);
    expect(kept).not.toContain(secret);
    expect(kept).not.toContain('delivery-0123');
  });
});

it('a push of 500 targets is at most 48 writes at once, three and a mark for each, and one send', async () => {
  const world = createJobWorld(targetsOf(...Array.from({ length: 500 }, (_, index) => ({ name: `shop-${index}` }))));
  const { store, queue } = world.ports;
  let [puts, underWay, most, sends] = [0, 0, 0, 0];
  const counting = {
    ...store,
    async put(...given: Parameters<typeof store.put>) {
      puts++;
      most = Math.max(most, ++underWay);
      const written = await store.put(...given);
      underWay--;
      return written;
    },
  };
  const sending = {
    ...queue,
    async send(...given: Parameters<typeof queue.send>) {
      sends++;
      await queue.send(...given);
    },
  };
  const { runs } = await receive(world.delivery('d1', commit('b')), {
    ...world.ports,
    store: counting,
    queue: sending,
  });
  expect(new Set(runs).size).toBe(500);
  expect({ puts, sends }).toEqual({ puts: 3 * 500 + 2, sends: 1 });
  expect(most).toBeLessThanOrEqual(48);
  expect(most).toBeGreaterThan(1);
});
