import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { withStoredKinds } from '../../../lib/app/cluster/stored-kinds.ts';
import { describeCluster, type RawApi, rawApi, useNamespace } from '../../parts/api-server.ts';
import { createWorld } from './world.ts';

const group = `silent-${randomBytes(4).toString('hex')}.example`;
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const registry = '/apis/apiregistration.k8s.io/v1/apiservices';

describeCluster('an API that stops answering', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const api = rawApi(kubeconfig);

  function configMap(name: string, a: string): string {
    return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data: { a } });
  }

  // While such an API is registered, no namespace of the cluster can be finalized: it is for as short a time as can be.
  it('keeps its own objects from being applied, and no others, within seconds', async () => {
    const world = createWorld(kubeconfig, `silent-${group.split('.')[0]}`);
    const widget = JSON.stringify({ apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'w1', namespace } });
    async function bring(...documents: string[]) {
      // Discovery is remembered from sync to sync, so the kind is known when its API has gone silent.
      const cluster = withStoredKinds(await world.connect(), world.store, Date.now);
      return await world.bring(documents.join('\n---\n'), { cluster });
    }
    await api('POST', definitions, widgets);
    try {
      await answering(api, 200);
      expect((await bring(widget, configMap('changed', '1'))).changes).toMatchObject({ created: 2 });
      await silence(api, namespace);
      await answering(api, 503);
      const begin = performance.now();
      const brought = await bring(widget, configMap('changed', '2'), configMap('new', '1'));
      expect(performance.now() - begin).toBeLessThan(8000);
      expect(brought).toMatchObject({ changes: { configured: 1, created: 1, failed: 1 } });
      expect(brought.error).toMatchObject({
        fault: 'server',
        message: `Cannot apply "${namespace}:widget/w1" of all.yaml:1: service unavailable`,
        help: `See the APIService of ${group}/v1 in the cluster. The other objects were applied; nothing is deleted until all are`,
      });
    } finally {
      await api('DELETE', `${registry}/v1.${group}`);
      await answering(api, 200);
      await api('DELETE', `${definitions}/widgets.${group}`);
    }
  });
});

const widgets = {
  metadata: { name: `widgets.${group}` },
  spec: {
    group,
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
    versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
  },
};

/** The API server keeps a CRD's APIService only while it carries its label: this one leads to a server that is not there. */
async function silence(api: RawApi, namespace: string): Promise<void> {
  const { body } = await api('GET', `${registry}/v1.${group}`);
  await api('PUT', `${registry}/v1.${group}`, {
    metadata: { name: body.metadata.name, resourceVersion: body.metadata.resourceVersion },
    spec: { ...body.spec, insecureSkipTLSVerify: true, service: { name: 'nowhere', namespace, port: 443 } },
  });
}

async function answering(api: RawApi, status: number): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(50)) {
    const { status: found } = await api('GET', `/apis/${group}/v1/widgets`);
    if (found === status) return;
  }
  throw new Error(`${group} does not answer ${status}`);
}
