import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../../fakes/fault-proxy.ts';
import { describeCluster, rawApi, useNamespace } from '../../parts/api-server.ts';
import { kubectl } from '../../parts/kubectl.ts';
import { createWorld, type World } from './world.ts';

/**
 * A worker that is frozen for longer than its lease may wake up between any two requests. Some writes followed a read, a refusal or a pause
 * without asking once more whether the lease is still held: the second half of a take-over, the delete and the create of an object that is made
 * anew, the delete after a look into a Namespace, a write that was answered 429.
 */
describeCluster('a worker whose lease is lost after any of its requests', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const api = rawApi(kubeconfig);
  let proxy: FaultProxy;
  beforeAll(async () => {
    proxy = await startFaultProxy(kubeconfig);
  });
  afterAll(() => proxy[Symbol.asyncDispose]());

  function map(name: string, data: object, metadata: object = {}): string {
    return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, ...metadata }, data });
  }
  const force = { annotations: { 'kustomize.toolkit.fluxcd.io/force': 'enabled' } };

  interface Story {
    prepare(name: string, world: World): Promise<unknown>;
    readonly wanted: (name: string) => string;
    readonly target?: Record<string, unknown>;
  }
  const stories: Readonly<Record<string, Story>> = {
    'takes over what kubectl applied': {
      prepare: (name) => kubectl(kubeconfig, ['apply', '-f', '-'], map(name, { by: 'kubectl' })),
      wanted: (name) => map(name, { by: 'git' }),
    },
    'makes an immutable object anew': {
      async prepare(name, { bring }) {
        await bring(map(name, { a: '1' }, force));
        const type = { 'content-type': 'application/merge-patch+json' };
        await api('PATCH', `/api/v1/namespaces/${namespace}/configmaps/${name}`, { immutable: true }, type);
      },
      wanted: (name) => map(name, { a: '2' }, force),
    },
    'looks into a Namespace before it deletes it': {
      prepare: (name, { bring }) =>
        bring(`${map(name, {})}\n---\n${JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })}`),
      wanted: (name) => map(name, {}),
    },
    'moves its inventory': {
      prepare: (name, { bring }) => bring(map(name, {})),
      wanted: (name) => map(name, {}),
      target: { inventory: { namespace: 'default' } },
    },
    'is asked for patience': {
      async prepare() {
        proxy.fail({ method: 'PATCH', times: 2, fault: { answer: 429 } });
      },
      wanted: (name) => map(name, { a: '1' }),
    },
  };

  it.each(Object.entries(stories))('and that %s writes nothing more', async (_, { prepare, wanted, target = {} }) => {
    let isWhole = false;
    for (let after = 1; !isWhole; after += 1) {
      const name = `lost-${randomBytes(4).toString('hex')}`;
      const fields = { inventory: { namespace } };
      await prepare(name, createWorld(kubeconfig, name, fields));
      const { bring } = createWorld(proxy.kubeconfig, name, fields);
      proxy.requests.length = 0;
      function held(): void {
        if (proxy.requests.length >= after) throw new Error('the lease is lost');
      }
      const brought = bring(wanted(name), { held, target });
      await brought.catch(({ message }) => expect(message).toBe('the lease is lost'));
      const late = proxy.requests.slice(after).map(({ method, path }) => `${method} ${path}`);
      expect(
        late.filter((request) => !request.startsWith('GET')),
        `after ${after} requests`,
      ).toEqual([]);
      isWhole = proxy.requests.length < after;
      proxy.clear();
    }
  });
});
