import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { deleteTarget } from '../../../lib/app/cluster/delete-target.ts';
import type { Synced } from '../../../lib/app/outcome.ts';
import type { Cluster } from '../../../lib/app/ports.ts';
import { createRun, stepRun } from '../../../lib/app/records/runs.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import type { SyncJob } from '../../../lib/domain/jobs/job.ts';
import { queueRun, requeueRun } from '../../../lib/domain/jobs/run.ts';
import { runIdOf } from '../../../lib/domain/jobs/run-id.ts';
import { createLog } from '../../../lib/log.ts';
import { describeCluster, rawApi, useNamespace } from '../../parts/api-server.ts';
import { createWorld, targetOf, type World } from './world.ts';

interface RemoveOptions {
  readonly remove?: 'objects' | 'orphan';
  readonly through?: (cluster: Cluster) => Cluster;
  readonly installation?: string;
  readonly applied?: `${string}@sha1:${string}`;
  readonly target?: Record<string, unknown>;
}

interface Place extends World {
  readonly name: string;
  /** The path of the parent. */
  readonly parent: string;
  /** One run, its attempts repeated as the worker does while objects are being deleted. */
  remove(options?: RemoveOptions): Promise<Synced>;
  /** The first attempt alone. */
  attempt(options?: RemoveOptions): Promise<Synced>;
}

describeCluster('deleting a target', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const api = rawApi(kubeconfig);
  const merge = { 'content-type': 'application/merge-patch+json' };

  function place(fields: Record<string, unknown> = {}): Place {
    const name = `delete-${randomBytes(4).toString('hex')}`;
    const world = createWorld(kubeconfig, name, { namespace, ...fields });

    async function work(job: SyncJob, options: RemoveOptions): Promise<Synced> {
      const context = {
        target: targetOf(name, { namespace, ...fields, ...options.target }),
        job,
        signal: new AbortController().signal,
        held: () => undefined,
        log: createLog(() => undefined),
        applied: options.applied,
        verifiedUpTo: undefined,
        wanted: undefined,
        started: async () => undefined,
      };
      const outcome = await deleteTarget(context, options.remove ?? 'objects', {
        store: world.store,
        clock: Date.now,
        installation: options.installation ?? 'test',
        targets: [],
        connect: async () => (options.through ?? ((cluster) => cluster))(await world.connect()),
      });
      const { changes, warnings, objects } = outcome;
      await stepRun(
        world.store,
        job.run,
        Date.now(),
        (run) => requeueRun(run, { result: { changes, warnings } }),
        objects,
      );
      return outcome;
    }

    async function queued(): Promise<SyncJob> {
      const run = runIdOf(Date.now(), [randomBytes(4).toString('hex')]);
      const job = { kind: 'sync', target: name, run, cause: { kind: 'manual', by: 'test' }, attempt: 0 } as const;
      await createRun(world.store, queueRun(job, Date.now()), Date.now());
      return job;
    }

    return {
      ...world,
      name,
      parent: `/api/v1/namespaces/default/configmaps/sluice-${name}`,
      attempt: async (options = {}) => await work(await queued(), options),
      async remove(options = {}) {
        const job = await queued();
        for (let attempt = 0; ; attempt++) {
          const outcome = await work(job, options);
          if (outcome.againAfterSeconds === undefined || attempt > 60) return outcome;
          await sleep(250);
        }
      },
    };
  }

  function map(name: string, fields: Record<string, unknown> = {}): string {
    const metadata = { name, namespace, ...(fields.metadata as object | undefined) };
    return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', ...fields, metadata });
  }
  function all(...documents: string[]): string {
    return documents.join('\n---\n');
  }
  function path(name: string, inside = namespace): string {
    return `/api/v1/namespaces/${inside}/configmaps/${name}`;
  }
  async function statuses(...paths: string[]): Promise<readonly number[]> {
    return await Promise.all(paths.map(async (at) => (await api('GET', at)).status));
  }
  function withCalls(calls: (cluster: Cluster) => Partial<Cluster>): (cluster: Cluster) => Cluster {
    return (cluster) => Object.assign(Object.create(cluster) as Cluster, calls(cluster));
  }

  it('deletes its objects, namespaces last, then the inventory, and nothing of others', async () => {
    const { name, parent, bring, remove } = place();
    const inside = { metadata: { name: 'a', namespace: name } };
    const home = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await bring(all(home, map('a', inside), map(`b-${name}`)));
    await api('POST', `/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name: `foreign-${name}` } });

    const deleted: string[] = [];
    const outcome = await remove({
      applied: `main@sha1:${'a'.repeat(40)}`,
      through: withCalls((cluster) => ({
        delete: async (kind, key, options) => {
          deleted.push(key.name);
          return await cluster.delete(kind, key, options);
        },
      })),
    });
    expect(outcome).toMatchObject({
      revision: `main@sha1:${'a'.repeat(40)}`,
      changes: { deleted: 3, skipped: 0, failed: 0 },
      health: 'Current',
    });
    expect(outcome).not.toHaveProperty('error');
    expect(outcome.objects.map(({ id }) => id).toSorted()).toEqual(
      [`<cluster>:namespace/${name}`, `${name}:configmap/a`, `${namespace}:configmap/b-${name}`].toSorted(),
    );
    expect(deleted.slice(-2)).toEqual([name, `sluice-${name}`]);
    expect(await statuses(parent, `/api/v1/namespaces/${name}`, path(`b-${name}`))).toEqual([404, 404, 404]);
    expect(await statuses(path(`foreign-${name}`))).toEqual([200]);
  });

  it('deletes although the settings say prune: false and allowEmpty: false, and although the cluster says suspended', async () => {
    const { name, parent, bring, remove } = place({ prune: false });
    await bring(map(`a-${name}`));
    await api('PATCH', parent, { metadata: { annotations: { 'sluice.dev/suspended': 'me, now' } } }, merge);
    expect((await remove()).changes).toMatchObject({ deleted: 1 });
    expect(await statuses(parent, path(`a-${name}`))).toEqual([404, 404]);
  });

  it('of a target that has nothing writes nothing, and succeeds', async () => {
    const { parent, remove } = place();
    const outcome = await remove();
    expect(outcome).toMatchObject({ revision: `main@sha1:${'0'.repeat(40)}`, changes: { deleted: 0 }, objects: [] });
    expect(outcome).not.toHaveProperty('error');
    expect(await statuses(parent)).toEqual([404]);
  });

  it('can be followed by a sync, which creates everything anew', async () => {
    const { name, parent, bring, remove } = place();
    await bring(map(`a-${name}`));
    await remove();
    expect((await bring(map(`a-${name}`))).changes).toMatchObject({ created: 1 });
    expect(await statuses(parent, path(`a-${name}`))).toEqual([200, 200]);
    await remove();
  });

  it.each(['objects', 'orphan'] as const)('writes the claim before it touches an object (%s)', async (kind) => {
    const { name, parent, bring, remove } = place();
    await bring(map(`a-${name}`), { run: 'run-before' });
    const holders: unknown[] = [];
    async function look(): Promise<void> {
      holders.push((await api('GET', parent)).body.metadata.annotations['sluice.dev/holder']);
    }
    await remove({
      remove: kind,
      through: withCalls((cluster) => ({
        delete: (...given) => look().then(() => cluster.delete(...given)),
        patch: (...given) => look().then(() => cluster.patch(...given)),
      })),
    });
    expect(holders.length).toBeGreaterThan(0);
    for (const holder of holders) expect(holder).not.toContain('run-before');
  });

  it.each(['objects', 'orphan'] as const)('touches nothing while another installation holds it (%s)', async (kind) => {
    const { name, parent, bring, remove } = place();
    await bring(map(`a-${name}`));
    await expect(remove({ remove: kind, installation: 'other' })).rejects.toMatchObject({ code: 'HeldElsewhere' });
    expect(await statuses(parent, path(`a-${name}`))).toEqual([200, 200]);
    await remove();
  });

  it('orphan keeps the objects as they are, takes the marks off and removes the inventory', async () => {
    const { name, parent, bring, remove } = place();
    await bring(
      all(map(`a-${name}`, { data: { key: 'value' } }), map(`b-${name}`, { metadata: { labels: { app: 'b' } } })),
    );
    const before = (await api('GET', path(`a-${name}`))).body.metadata;
    expect(before.labels).toHaveProperty(['applyset.kubernetes.io/part-of']);

    const outcome = await remove({ remove: 'orphan' });
    expect(outcome).toMatchObject({ changes: { configured: 2, deleted: 0, failed: 0 } });
    const [a, b] = [(await api('GET', path(`a-${name}`))).body, (await api('GET', path(`b-${name}`))).body];
    expect(a).toMatchObject({ metadata: { uid: before.uid }, data: { key: 'value' } });
    expect(b.metadata.labels).toEqual({ app: 'b' });
    for (const { metadata } of [a, b]) {
      expect(metadata.labels ?? {}).not.toHaveProperty(['applyset.kubernetes.io/part-of']);
      expect(metadata.annotations ?? {}).not.toHaveProperty(['sluice.dev/applied']);
    }
    expect(await statuses(parent)).toEqual([404]);
  });

  it('orphan lets the next target take the objects without adopting them', async () => {
    const [old, next] = [place(), place()];
    await old.bring(map(`a-${old.name}`));
    expect((await next.bring(map(`a-${old.name}`))).changes).toMatchObject({ failed: 1 });
    await old.remove({ remove: 'orphan' });
    expect((await next.bring(map(`a-${old.name}`))).changes).toMatchObject({ configured: 1, failed: 0 });
    await next.remove();
    expect(await statuses(path(`a-${old.name}`))).toEqual([404]);
  });

  it('orphan looks again at an object that somebody writes at the same time', async () => {
    const { name, parent, bring, remove } = place();
    await bring(map(`a-${name}`));
    let written = false;
    const outcome = await remove({
      remove: 'orphan',
      through: withCalls((cluster) => ({
        patch: async (...given) => {
          if (!written) await api('PATCH', path(`a-${name}`), { data: { other: 'x' } }, merge);
          written = true;
          return await cluster.patch(...given);
        },
      })),
    });
    expect(outcome.changes).toMatchObject({ configured: 1, failed: 0 });
    const { body } = await api('GET', path(`a-${name}`));
    expect(body).toMatchObject({ data: { other: 'x' } });
    expect(body.metadata.labels ?? {}).not.toHaveProperty(['applyset.kubernetes.io/part-of']);
    expect(await statuses(parent)).toEqual([404]);
  });

  it.each(['objects', 'orphan'] as const)(
    'killed at any of its writes, it is completed by the next run (%s)',
    async (kind) => {
      const { name, parent, bring, remove } = place();
      const names = ['a', 'b', 'c'].map((letter) => `${letter}-${name}`);
      for (let at = 1, isDead = true; isDead; at++) {
        await bring(all(...names.map((each) => map(each))));
        let writes = 0;
        function mortal<Given extends unknown[], Result>(act: (...given: Given) => Promise<Result>) {
          return async (...given: Given): Promise<Result> => {
            if (++writes > at) throw new Failure('server', 'killed');
            const result = await act(...given);
            if (writes >= at) throw new Failure('server', 'killed');
            return result;
          };
        }
        await remove({
          remove: kind,
          through: withCalls((cluster) => ({
            replace: mortal(cluster.replace),
            patch: mortal(cluster.patch),
            delete: mortal(cluster.delete),
          })),
        }).catch(() => undefined);
        isDead = writes >= at;

        const after = await remove({ remove: kind });
        expect(after).not.toHaveProperty('error');
        expect(await statuses(parent)).toEqual([404]);
        const found = await Promise.all(names.map((each) => api('GET', path(each))));
        for (const { status, body } of found) {
          expect(status).toBe(kind === 'orphan' ? 200 : 404);
          if (kind === 'orphan') expect(body.metadata.labels ?? {}).toEqual({});
        }
        if (at > 20) throw new Error('It writes more often than it should');
      }
      await bring(all(...names.map((each) => map(each))));
      await remove();
    },
  );

  it('keeps the inventory while an object is being deleted, says so, and counts the object once it is gone', async () => {
    const { name, parent, bring, attempt, remove } = place();
    await bring(all(map(`a-${name}`), map(`held-${name}`, { metadata: { finalizers: ['sluice.test/hold'] } })));
    const first = await attempt();
    expect(first).toMatchObject({ againAfterSeconds: 5, changes: { deleted: 1, skipped: 1 } });
    expect(first.objects[0]).toEqual({
      id: `${namespace}:configmap/held-${name}`,
      action: 'skipped',
      error: 'it is still being deleted; its finalizers: sluice.test/hold',
      deletion: 'going',
    });
    expect(first).not.toHaveProperty('error');
    expect((await api('GET', parent)).body.metadata.annotations).toMatchObject({
      'applyset.kubernetes.io/contains-group-kinds': 'ConfigMap',
    });

    const ending = remove();
    await sleep(300);
    await api('PATCH', path(`held-${name}`), { metadata: { finalizers: null } }, merge);
    expect(await ending).toMatchObject({ changes: { deleted: 1, skipped: 0 } });
    expect(await statuses(parent, path(`held-${name}`))).toEqual([404, 404]);
  });

  it('tells at its end of what it let go of in an earlier attempt', async () => {
    const { name, bring, attempt, remove } = place();
    const annotations = { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' };
    const held = map(`held-${name}`, { metadata: { finalizers: ['sluice.test/hold'] } });
    await bring(all(held, map(`kept-${name}`, { metadata: { annotations } })));
    const ending = remove();
    await sleep(300);
    await api('PATCH', path(`held-${name}`), { metadata: { finalizers: null } }, merge);
    expect((await ending).objects.map(({ id, action, deletion }) => ({ id, action, deletion }))).toEqual([
      { id: `${namespace}:configmap/kept-${name}`, action: 'skipped', deletion: 'released' },
      { id: `${namespace}:configmap/held-${name}`, action: 'deleted', deletion: undefined },
    ]);
    expect((await attempt()).objects).toEqual([]);
  });

  it('orphan does not wait for an object that is being deleted', async () => {
    const { name, parent, bring, attempt } = place();
    await bring(map(`held-${name}`, { metadata: { finalizers: ['sluice.test/hold'] } }));
    await api('DELETE', path(`held-${name}`));
    expect(await attempt({ remove: 'orphan' })).not.toHaveProperty('againAfterSeconds');
    expect(await statuses(parent)).toEqual([404]);
    await api('PATCH', path(`held-${name}`), { metadata: { finalizers: null } }, merge);
  });

  it('keeps what an annotation of the live object keeps, which is then nobody’s', async () => {
    const { name, parent, bring, remove } = place();
    await bring(all(map(`a-${name}`), map(`kept-${name}`)));
    const annotations = { 'kustomize.toolkit.fluxcd.io/prune': 'disabled' };
    await api('PATCH', path(`kept-${name}`), { metadata: { annotations } }, merge);
    const outcome = await remove();
    expect(outcome).toMatchObject({ changes: { deleted: 1, skipped: 1 } });
    expect(outcome.objects[0]).toMatchObject({
      id: `${namespace}:configmap/kept-${name}`,
      error: expect.stringContaining('no longer of this target'),
      deletion: 'released',
    });
    expect(outcome).not.toHaveProperty('error');
    const { body } = await api('GET', path(`kept-${name}`));
    expect(body.metadata).toMatchObject({ annotations });
    expect(body.metadata.labels ?? {}).toEqual({});
    expect(await statuses(parent)).toEqual([404]);
  });

  it('fails at a namespace that holds what is not its own, keeps the inventory for it, and lets go of it with orphan', async () => {
    const { name, parent, bring, remove } = place();
    const home = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await bring(all(home, map('a', { metadata: { name: 'a', namespace: name } })));
    await api('POST', `/api/v1/namespaces/${name}/configmaps`, { metadata: { name: 'foreign' } });
    const outcome = await remove();
    expect(outcome.changes).toMatchObject({ deleted: 1, skipped: 1 });
    expect(outcome.error).toMatchObject({
      fault: 'user',
      message: `Cannot delete "${name}": "<cluster>:namespace/${name}": the namespace holds ConfigMap "foreign", which is not of this target; annotate it with sluice.dev/prune: cascade to delete it with them`,
      help: expect.stringContaining('--orphan'),
    });
    expect(await statuses(parent, path('a', name), path('foreign', name))).toEqual([200, 404, 200]);
    expect((await remove({ remove: 'orphan' })).changes).toMatchObject({ configured: 1 });
    expect(await statuses(parent, path('foreign', name))).toEqual([404, 200]);
    await api('DELETE', `/api/v1/namespaces/${name}`);
  });

  it.each([
    ['objects', 'delete', 'is forbidden'],
    ['orphan', 'patch', 'is forbidden'],
  ] as const)('keeps the inventory when the cluster refuses one object (%s)', async (kind, call, message) => {
    const { name, parent, bring, remove } = place();
    await bring(all(map(`a-${name}`), map(`b-${name}`)));
    const outcome = await remove({
      remove: kind,
      through: withCalls((cluster) => ({
        [call]: async (...given: Parameters<Cluster[typeof call]>) => {
          if (given[1].name === `a-${name}`) throw new Failure('user', message, { code: 'Forbidden' });
          return await (cluster[call] as (...all: unknown[]) => Promise<unknown>)(...given);
        },
      })),
    });
    expect(outcome.changes).toMatchObject({ failed: 1, [kind === 'orphan' ? 'configured' : 'deleted']: 1 });
    expect(outcome.error).toMatchObject({ fault: 'user', message: expect.stringContaining(`a-${name}`) });
    expect(await statuses(parent, path(`a-${name}`))).toEqual([200, 200]);
    expect(await remove()).not.toHaveProperty('error');
  });

  it.each(['objects', 'orphan'] as const)('touches no object while a kind cannot be listed (%s)', async (kind) => {
    const { name, parent, bring, remove } = place();
    await bring(map(`a-${name}`));
    const list = () => Promise.reject(new Failure('server', 'no answer'));
    await expect(remove({ remove: kind, through: withCalls(() => ({ list })) })).rejects.toMatchObject({
      fault: 'server',
      code: 'NotListed',
      message: `Cannot list the objects of kind ConfigMap that "${name}" owns: no answer`,
    });
    expect(await statuses(parent, path(`a-${name}`))).toEqual([200, 200]);
    await remove();
  });

  it('follows an inventory that was moved in the settings and not synced since', async () => {
    const { name, parent, bring, remove } = place();
    await bring(map(`a-${name}`));
    expect((await remove({ target: { inventory: { namespace } } })).changes).toMatchObject({ deleted: 1 });
    expect(await statuses(parent, path(`sluice-${name}`), path(`a-${name}`))).toEqual([404, 404, 404]);
  });
});
