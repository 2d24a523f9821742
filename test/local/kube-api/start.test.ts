import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { healthOf } from '../../../lib/domain/health/health.ts';
import type { KubeObject } from '../../../lib/domain/objects/kube-object.ts';
import { type KubeApi, startKubeApi } from '../../../lib/local/kube-api/start.ts';

/** What the contract leaves open, or holds for the embedded API alone. */
describe('the embedded API', () => {
  let api: KubeApi;
  let authorization: string;
  beforeAll(async () => {
    api = await startKubeApi({ settleMs: 20 });
    authorization = `Bearer ${parse(api.kubeconfig).users[0].user.token}`;
  });
  afterAll(() => api.stop());

  const json = 'application/json';
  const post = (path: string, body: unknown, type = json, method = 'POST') =>
    fetch(api.url + path, {
      method,
      headers: { authorization, 'content-type': type },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  // biome-ignore lint/suspicious/noExplicitAny: any field of any kind is looked at.
  const read = async (path: string): Promise<any> =>
    (await fetch(api.url + path, { headers: { authorization } })).json();

  it('listens on loopback', () => {
    expect(api.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(parse(api.kubeconfig).clusters[0].cluster.server).toBe(api.url);
  });

  it.each([undefined, 'Bearer ', 'Bearer x', `Bearer ${'x'.repeat(32)}`])(
    'refuses who comes with %s',
    async (given) => {
      const answer = await fetch(`${api.url}/api/v1/namespaces`, {
        headers: { ...(given && { authorization: given }) },
      });
      expect(answer.status).toBe(401);
      expect(await answer.json()).toMatchObject({ kind: 'Status', reason: 'Unauthorized' });
    },
  );

  it('has a token of its own at every start', async () => {
    const other = await startKubeApi();
    expect(parse(other.kubeconfig).users[0].user.token).not.toBe(parse(api.kubeconfig).users[0].user.token);
    await other.stop();
    await expect(fetch(other.url)).rejects.toThrow();
  });

  it.each([
    ['{', 400],
    ['null', 400],
    ['"text"', 422],
    ['{}', 422],
    [`"${'x'.repeat(4 * 1024 * 1024)}"`, 413],
  ])('refuses a body that is no object: %#', async (body, status) => {
    expect((await post('/api/v1/namespaces/default/configmaps', body)).status).toBe(status);
  });

  it('refuses what it does not do', async () => {
    const path = '/api/v1/namespaces/default/configmaps';
    await post(path, { metadata: { name: 'plain' } });
    expect((await post(`${path}/plain`, {}, 'application/merge-patch+json', 'PATCH')).status).toBe(415);
    expect((await post(path, {}, json, 'DELETE')).status).toBe(405);
    expect((await post(`${path}/plain`, {})).status).toBe(415);
    expect((await read(`${path}?labelSelector=a!=b`)).reason).toBe('BadRequest');
    expect((await read(`${path}/plain/status`)).reason).toBe('NotFound');
    expect((await read('/apis/apps/v2/deployments')).reason).toBe('NotFound');
  });

  it.each([
    ['/apis/apps/v1/namespaces/default/deployments', 'apps/v1', 'Deployment', { replicas: 2 }],
    [
      '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers',
      'autoscaling/v2',
      'HorizontalPodAutoscaler',
      {},
    ],
    ['/api/v1/namespaces/default/services', 'v1', 'Service', { type: 'LoadBalancer' }],
    ['/api/v1/namespaces/default/persistentvolumeclaims', 'v1', 'PersistentVolumeClaim', {}],
  ])('makes every object healthy after a moment: %s', async (path, apiVersion, kind, spec) => {
    const made = await post(path, { apiVersion, kind, metadata: { name: 'shop' }, spec });
    expect(made.status).toBe(201);
    expect(healthOf((await made.json()) as KubeObject)?.status).toBe('InProgress');
    await expect.poll(async () => healthOf(await read(`${path}/shop`))?.status).toBe('Current');
  });

  it('keeps a Deployment healthy through a change, by way of InProgress', async () => {
    const path = '/apis/apps/v1/namespaces/default/deployments/web';
    const apply = async (replicas: number) => {
      const query = 'fieldManager=sluice&force=true';
      const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec: { replicas } };
      return (
        await post(`${path}?${query}`, object, 'application/apply-patch+yaml', 'PATCH')
      ).json() as Promise<KubeObject>;
    };
    for (const replicas of [1, 3]) {
      expect(healthOf(await apply(replicas))?.status).toBe('InProgress');
      await expect
        .poll(async () => healthOf(await read(path)))
        .toEqual({ status: 'Current', message: `Available: ${replicas}` });
    }
    expect(healthOf(await apply(3))?.status).toBe('Current');
  });
});
