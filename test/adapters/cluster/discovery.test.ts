import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Cluster } from '../../../lib/app/ports.ts';
import { type FaultProxy, startFaultProxy } from '../../fakes/fault-proxy.ts';
import { describeCluster, rawApi, useNamespace } from '../../parts/api-server.ts';
import { connectTo, refusal } from '../../parts/connect.ts';

describeCluster('discovery', (kubeconfig) => {
  const group = `${useNamespace(kubeconfig)}.example.com`;
  const direct = rawApi(kubeconfig);
  let proxy: FaultProxy;
  let cluster: Cluster;

  beforeAll(async () => {
    proxy = await startFaultProxy(kubeconfig);
    cluster = await connectTo(proxy.kubeconfig);
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
  });

  it('asks once for the kinds of a version, however many want them', async () => {
    proxy.clear();
    const [kinds] = await Promise.all([cluster.resources('apps/v1'), cluster.resources('apps/v1')]);
    await cluster.resources('apps/v1');
    expect(proxy.requests.map(({ path }) => path)).toEqual(['/apis/apps/v1']);
    expect(kinds).toContainEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      plural: 'deployments',
      namespaced: true,
      verbs: expect.arrayContaining(['list', 'patch']),
    });
    expect(kinds?.filter(({ plural }) => plural.includes('/'))).toEqual([]);
  });

  it('knows the versions of a group, the preferred one first, and that there is none', async () => {
    expect(await cluster.versions('')).toEqual(['v1']);
    expect(await cluster.versions('apps')).toEqual(['apps/v1']);
    expect(await cluster.versions('nothing.example.com')).toEqual([]);
    expect(await cluster.resources('nothing.example.com/v1')).toBeUndefined();
  });

  it('sees a new CRD when told to forget', async () => {
    expect(await cluster.resources(`${group}/v1`)).toBeUndefined();
    const crd = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions`;
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    await direct('POST', crd, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `widgets.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural: 'widgets', kind: 'Widget' },
        versions: [{ name: 'v1', served: true, storage: true, schema }],
      },
    });
    await expect.poll(async () => (await direct('GET', `/apis/${group}/v1`)).status, { timeout: 15_000 }).toBe(200);
    expect(await cluster.resources(`${group}/v1`)).toBeUndefined();
    cluster.forget(`${group}/v1`);
    expect((await cluster.resources(`${group}/v1`))?.map(({ kind }) => kind)).toEqual(['Widget']);
    expect(await cluster.versions(group)).toEqual([`${group}/v1`]);
    await direct('DELETE', `${crd}/widgets.${group}`);
  });

  it('fails soon, and for that group alone, where an aggregated API does not answer', async () => {
    const services = '/apis/apiregistration.k8s.io/v1/apiservices';
    const name = `v1.away.${group}`;
    await direct('POST', services, {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name },
      spec: {
        group: `away.${group}`,
        version: 'v1',
        service: { namespace: 'default', name: 'nobody', port: 443 },
        groupPriorityMinimum: 1000,
        versionPriority: 10,
        insecureSkipTLSVerify: true,
      },
    });
    await expect
      .poll(async () => (await direct('GET', `/apis/away.${group}/v1`)).status, { timeout: 15_000 })
      .toBe(503);
    const begin = performance.now();
    const refused = await refusal(cluster.resources(`away.${group}/v1`));
    expect(refused).toMatchObject({ fault: 'server', code: 'ServiceUnavailable' });
    expect(refused.message).toContain(`Cannot read the kinds of "away.${group}/v1"`);
    expect(performance.now() - begin).toBeLessThan(6_000);
    expect(await cluster.resources('v1')).toBeDefined();
    await direct('DELETE', `${services}/${name}`);
  });
});
