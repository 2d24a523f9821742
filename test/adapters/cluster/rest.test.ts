import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createRest } from '../../../lib/adapters/cluster/rest.ts';
import { limitsOf } from '../../../lib/adapters/cluster/retry.ts';
import type { Exchange, Transport } from '../../../lib/adapters/cluster/transport.ts';
import type { Cluster } from '../../../lib/app/ports.ts';
import type { ResourceKind } from '../../../lib/domain/objects/kube-object.ts';
import { type Fault, type FaultProxy, startFaultProxy } from '../../fakes/fault-proxy.ts';
import { describeCluster, rawApi, useNamespace } from '../../parts/api-server.ts';
import { configMap, connectTo, kindOf, refusal } from '../../parts/connect.ts';

describeCluster('requests to an API server behind a bad network', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const direct = rawApi(kubeconfig);
  let proxy: FaultProxy;
  let cluster: Cluster;
  let kind: ResourceKind;

  beforeAll(async () => {
    proxy = await startFaultProxy(kubeconfig);
    cluster = await connectTo(proxy.kubeconfig);
    kind = await kindOf(cluster, 'v1', 'ConfigMap');
  });
  beforeEach(() => proxy.clear());
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  });

  const etcd = { kind: 'Status', status: 'Failure', reason: 'InternalError', message: 'etcdserver: leader changed' };
  const race = { kind: 'Status', status: 'Failure', reason: 'Conflict', message: 'the object has been modified' };
  const terminating = {
    kind: 'Status',
    reason: 'Forbidden',
    message: 'unable to create new content',
    details: { causes: [{ reason: 'NamespaceTerminating' }] },
  };
  const passing: readonly [title: string, fault: Fault][] = [
    ['is cut before the server has it', { reset: 'before' }],
    ['is cut after the server has done it', { reset: 'after' }],
    ['has its answer truncated', { truncate: 40 }],
    ['is answered 429', { answer: 429 }],
    ['is answered 502 with a page', { answer: 502, body: '<html>Bad Gateway</html>' }],
    ['is answered 503', { answer: 503 }],
    ['is answered 504', { answer: 504 }],
    ['meets an election in etcd', { answer: 500, body: etcd }],
    ['loses a race', { answer: 409, body: race }],
    ['meets a terminating namespace', { answer: 403, body: terminating }],
  ];
  it.each(passing)('an apply that %s is sent again', async (title, fault) => {
    const name = `passing-${passing.findIndex(([other]) => other === title)}`;
    proxy.fail({ method: 'PATCH', times: 2, fault });
    await cluster.apply(kind, configMap(namespace, name, { key: title }));
    expect(proxy.count('PATCH')).toBe(3);
    const live = await direct('GET', `/api/v1/namespaces/${namespace}/configmaps/${name}`);
    expect(live.body.data).toEqual({ key: title });
  });

  it('a server that says Retry-After is left alone so long', async () => {
    proxy.fail({ times: 1, fault: { answer: 429, headers: { 'retry-after': '1' } } });
    const begin = performance.now();
    await cluster.get(kind, { name: 'kube-root-ca.crt', namespace });
    expect(performance.now() - begin).toBeGreaterThan(1_000);
  });

  it('a fault that stays ends as a server failure after seven attempts', async () => {
    proxy.fail({ fault: { answer: 503, body: { message: 'apiserver is shutting down' } } });
    const refused = await refusal(cluster.apply(kind, configMap(namespace, 'never')));
    expect(refused).toMatchObject({ fault: 'server', code: 'ServiceUnavailable' });
    expect(refused.message).toBe(`Cannot apply "${namespace}:configmap/never": apiserver is shutting down`);
    expect(proxy.count('PATCH')).toBe(7);
  });

  it.each([400, 401, 403, 404, 413, 422, 500])('%i is not sent again', async (answer) => {
    proxy.fail({ fault: { answer, body: { message: 'no' } } });
    await refusal(cluster.apply(kind, configMap(namespace, 'refused')));
    expect(proxy.count('PATCH')).toBe(1);
  });

  it('a conflict with our own precondition is not sent again', async () => {
    proxy.fail({ fault: { answer: 409, body: race } });
    const object = configMap(namespace, 'mine');
    const pinned = { ...object, metadata: { ...object.metadata, resourceVersion: '1' } };
    const writes = [
      () => cluster.apply(kind, pinned),
      () => cluster.replace(kind, pinned),
      () => cluster.patch(kind, pinned.metadata, []),
    ];
    for (const write of writes) expect((await refusal(write())).code).toBe('Conflict');
    expect(proxy.requests.length).toBe(3);
  });

  it('a list is read whole although its second page is truncated and a third has expired', async () => {
    const names = Array.from({ length: 1_100 }, (_, index) => `page-${String(index).padStart(4, '0')}`);
    await Promise.all(
      names.map((name) =>
        direct('POST', `/api/v1/namespaces/${namespace}/configmaps`, {
          metadata: { name, labels: { paged: 'yes' } },
        }),
      ),
    );
    proxy.fail({ path: /continue=/, times: 1, fault: { truncate: 1_000 } });
    await cluster.list(kind, { namespace, labelSelector: 'paged=yes' });
    expect(proxy.count('GET')).toBe(4);
    proxy.clear();
    proxy.fail({
      path: /continue=/,
      times: 1,
      fault: { answer: 410, body: { reason: 'Expired', message: 'too old' } },
    });
    const objects = await cluster.list(kind, { namespace, labelSelector: 'paged=yes' });
    expect(objects.map((object) => object.metadata.name)).toEqual(names);
    expect(proxy.count('GET')).toBe(5);
    expect(proxy.requests.every(({ path }) => path.includes('limit=500') && !path.includes('resourceVersion'))).toBe(
      true,
    );
  });

  it('many at once share at most 48 kept connections', async () => {
    await using fresh = await connectTo(proxy.kubeconfig);
    await Promise.all(
      Array.from({ length: 200 }, (_, index) => fresh.apply(kind, configMap(namespace, `many-${index}`))),
    );
    expect(proxy.count('PATCH')).toBeGreaterThanOrEqual(200);
    expect(proxy.connections).toBeLessThanOrEqual(48);
  });

  it('an answer that takes longer than a request may is asked for again', async () => {
    await using hasty = await connectTo(proxy.kubeconfig, { timeoutMs: 1_000 });
    proxy.fail({ times: 1, fault: { bytesPerSecond: 20 } });
    expect(await hasty.get(kind, { name: 'kube-root-ca.crt', namespace })).toBeDefined();
    expect(proxy.count('GET')).toBeGreaterThan(1);
  });

  it('an abort ends what is in flight and what waits for its next attempt', async () => {
    for (const fault of [{ delayMs: 5_000 }, { answer: 503 }]) {
      proxy.clear();
      proxy.fail({ method: 'PATCH', fault });
      const stop = new AbortController();
      await using stopped = await connectTo(proxy.kubeconfig, { signal: stop.signal });
      const begin = performance.now();
      setTimeout(() => stop.abort(), 300);
      const { code, message } = await refusal(stopped.apply(kind, configMap(namespace, 'stopped')));
      expect([code, message]).toEqual([
        'Aborted',
        `Cannot apply "${namespace}:configmap/stopped": the run was stopped`,
      ]);
      expect(performance.now() - begin).toBeLessThan(1_500);
    }
  });

  it('a page of a login proxy is named, and not read as an answer', async () => {
    proxy.fail({
      times: 1,
      fault: { answer: 200, body: '<html>Log in</html>', headers: { 'content-type': 'text/html' } },
    });
    const page = await refusal(cluster.list(kind, { namespace }));
    expect(page).toMatchObject({ fault: 'user', code: 'NotKubernetes' });
    expect(page.message).toContain('it answers with text/html, not with JSON');
    proxy.fail({ times: 1, fault: { answer: 302, headers: { location: 'https://login.example/?state=secret' } } });
    const redirect = await refusal(cluster.list(kind, { namespace }));
    expect(redirect.message).toBe(`Cannot list "configmaps of ${namespace}": it redirects to https://login.example`);
  });
});

it('an API that is not built in has 15 s for an answer, and the server itself as long as it takes', async () => {
  const asked: number[] = [];
  const transport = {
    async exchange({ timeoutMs }: Exchange) {
      asked.push(timeoutMs);
      return { status: 200, headers: {}, body: Buffer.from('{}') };
    },
  } as unknown as Transport;
  const rest = createRest(transport, { origin: 'https://k8s.example' });
  for (const apiVersion of ['v1', 'apps/v1', 'metrics.k8s.io/v1']) {
    await rest.send({ method: 'GET', path: '/x', what: 'read "x"', limits: limitsOf({ apiVersion }) });
  }
  expect(asked).toEqual([65_000, 65_000, 15_000]);
});
