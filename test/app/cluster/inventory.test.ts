import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { inventoryId } from '../../../lib/domain/objects/inventory.ts';
import { describeCluster, rawApi, useNamespace } from '../../parts/api-server.ts';
import { kubectl } from '../../parts/kubectl.ts';
import { createWorld, targetOf } from './world.ts';

describeCluster('inventory', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const api = rawApi(kubeconfig);
  const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;
  const merge = { 'content-type': 'application/merge-patch+json' };

  function world(fields: Record<string, unknown> = {}): { name: string } & ReturnType<typeof createWorld> {
    const name = `inv-${randomBytes(4).toString('hex')}`;
    return { name, ...createWorld(kubeconfig, name, { namespace, inventory: { namespace }, ...fields }) };
  }
  function map(name: string, metadata: object = {}, data: object = { a: 'b' }): string {
    return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace, ...metadata }, data });
  }
  function all(...documents: string[]): string {
    return documents.join('\n---\n');
  }
  async function annotationsOf(name: string): Promise<Record<string, string>> {
    return (await api('GET', `${configMaps}/sluice-${name}`)).body.metadata.annotations;
  }

  /** Of a controller's object, once it is there. */
  async function untilMade(path: string) {
    for (const end = Date.now() + 20_000; Date.now() < end; await sleep(50)) {
      const { status, body } = await api('GET', path);
      if (status === 200) return body;
    }
    throw new Error(`no controller has made ${path}`);
  }

  it('kinds and namespaces of the parent are exact when a run settles', async () => {
    const { name, bring } = world();
    const service = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: `s-${name}`, namespace },
      spec: { ports: [{ port: 80 }] },
    });
    await bring(all(map(`a-${name}`), service));
    expect(await annotationsOf(name)).toMatchObject({
      'applyset.kubernetes.io/contains-group-kinds': 'ConfigMap,Service',
      'applyset.kubernetes.io/additional-namespaces': '',
      'sluice.dev/source': 'https://git.example/x.git#main',
    });
    expect((await bring(map(`a-${name}`))).changes).toMatchObject({ deleted: 1, unchanged: 1 });
    expect(await annotationsOf(name)).toMatchObject({ 'applyset.kubernetes.io/contains-group-kinds': 'ConfigMap' });
  });

  it('a kind whose member is Terminating stays claimed until it is gone', async () => {
    const { name, bring } = world({ allowEmpty: true });
    await bring(map(`held-${name}`, { finalizers: ['sluice.test/hold'] }));
    await bring('');
    expect(await annotationsOf(name)).toMatchObject({ 'applyset.kubernetes.io/contains-group-kinds': 'ConfigMap' });
    await api('PATCH', `${configMaps}/held-${name}`, { metadata: { finalizers: null } }, merge);
    await bring('');
    expect(await annotationsOf(name)).toMatchObject({ 'applyset.kubernetes.io/contains-group-kinds': '' });
  });

  it('kubectl knows the parent for an ApplySet and refuses to write to it', async () => {
    const { name, bring } = world();
    await bring(map(`a-${name}`));
    const args = [
      'apply',
      '-n',
      namespace,
      '--server-side',
      '--prune',
      `--applyset=configmaps/sluice-${name}`,
      '-f',
      '-',
    ];
    process.env.KUBECTL_APPLYSET = 'true';
    await expect(kubectl(kubeconfig, args, map(`b-${name}`))).rejects.toThrow(/tooling|managed by|sluice/);
    delete process.env.KUBECTL_APPLYSET;
    expect((await api('GET', `${configMaps}/b-${name}`)).status).toBe(404);
  });

  it('a parent of other tooling is refused and nothing is applied', async () => {
    const { name, bring } = world();
    await api('POST', configMaps, {
      metadata: { name: `sluice-${name}`, annotations: { 'applyset.kubernetes.io/tooling': 'kubectl/v1.35' } },
    });
    await expect(bring(map(`a-${name}`))).rejects.toThrow(/tooling is "kubectl/);
    expect((await api('GET', `${configMaps}/a-${name}`)).status).toBe(404);
  });

  it('a missing inventory namespace is said, and what to do', async () => {
    const { bring } = world({ inventory: { namespace: 'nowhere-to-be' } });
    await expect(bring(map('x'))).rejects.toMatchObject({
      fault: 'missing',
      message: expect.stringContaining('no namespace "nowhere-to-be"'),
      help: expect.any(String),
    });
  });

  it('an object of another target is refused by name; adopts takes it over without deleting it and removes the empty parent', async () => {
    const old = world();
    const next = world();
    const shared = map(`shared-${old.name}`);
    await old.bring(shared);
    const { uid } = (await api('GET', `${configMaps}/shared-${old.name}`)).body.metadata;
    const targets = [
      targetOf(old.name, { inventory: { namespace } }),
      targetOf(next.name, { inventory: { namespace } }),
    ];
    const refused = await next.bring(shared, { targets });
    expect(refused.error?.message).toMatch(new RegExp(`: it belongs to target "${old.name}"$`));
    expect(refused.error?.help).toContain('list the other one in its adopts');
    const unnamed = await next.bring(shared);
    expect(unnamed.error?.message).toContain(`it belongs to target "${old.name}"`);
    const adopted = await next.bring(shared, { target: { adopts: [old.name] } });
    expect(adopted.error).toBeUndefined();
    const { metadata } = (await api('GET', `${configMaps}/shared-${old.name}`)).body;
    expect(metadata.uid).toBe(uid);
    expect(metadata.labels['applyset.kubernetes.io/part-of']).toBe(inventoryId(`sluice-${next.name}`, namespace));
    expect((await api('GET', `${configMaps}/sluice-${old.name}`)).status).toBe(404);
  });

  it('what the old target still has keeps its parent, and moving between targets deletes nothing', async () => {
    const old = world();
    const next = world();
    await old.bring(all(map(`moves-${old.name}`), map(`stays-${old.name}`)));
    await next.bring(map(`moves-${old.name}`), { target: { adopts: [old.name] } });
    expect((await api('GET', `${configMaps}/sluice-${old.name}`)).status).toBe(200);
    expect((await old.bring(map(`stays-${old.name}`))).changes).toMatchObject({ deleted: 0, unchanged: 1 });
    expect((await api('GET', `${configMaps}/moves-${old.name}`)).status).toBe(200);
  });

  it('a changed inventory namespace moves the set: nothing is deleted but what git dropped, and the old parent goes', async () => {
    const { name, bring } = world();
    await bring(all(map(`stays-${name}`), map(`goes-${name}`)));
    const { uid } = (await api('GET', `${configMaps}/stays-${name}`)).body.metadata;
    const target = { inventory: { namespace: 'default' } };
    const moved = await bring(map(`stays-${name}`), { target });
    expect(moved).toMatchObject({ changes: { configured: 1, deleted: 1, failed: 0 } });
    const { metadata } = (await api('GET', `${configMaps}/stays-${name}`)).body;
    expect([metadata.uid, metadata.labels['applyset.kubernetes.io/part-of']]).toEqual([
      uid,
      inventoryId(`sluice-${name}`, 'default'),
    ]);
    expect((await api('GET', `${configMaps}/sluice-${name}`)).status).toBe(404);
    const parent = (await api('GET', `/api/v1/namespaces/default/configmaps/sluice-${name}`)).body;
    expect(parent.metadata.annotations).not.toHaveProperty('sluice.dev/moved-from');
    expect((await bring(map(`stays-${name}`), { target })).changes).toMatchObject({ unchanged: 1, configured: 0 });
  });

  it('a target of another installation that has the same name in another namespace is left alone', async () => {
    const { name, bring } = world();
    await bring(map(`theirs-${name}`), { installation: 'theirs' });
    const target = { inventory: { namespace: 'default' } };
    const ours = await bring(map(`ours-${name}`), { target, installation: 'ours' });
    expect(ours.changes).toMatchObject({ created: 1, deleted: 0, failed: 0 });
    expect((await api('GET', `${configMaps}/theirs-${name}`)).status).toBe(200);
    expect((await api('GET', `${configMaps}/sluice-${name}`)).status).toBe(200);
    await api('DELETE', `/api/v1/namespaces/default/configmaps/sluice-${name}`);
  });

  it.each([
    ['another installation', { installation: 'other' }, {}],
    ['another source', {}, { source: { url: 'https://git.example/other.git', branch: 'main' } }],
  ])('an inventory of the same name of %s is not taken for ours that moved', async (_, options, fields) => {
    const { name, bring } = world();
    await bring(map(`theirs-${name}`));
    const target = { inventory: { namespace: 'default' }, ...fields };
    expect((await bring(map(`ours-${name}`), { target, ...options })).changes).toMatchObject({
      created: 1,
      deleted: 0,
    });
    expect((await api('GET', `${configMaps}/theirs-${name}`)).status).toBe(200);
    expect((await api('GET', `${configMaps}/sluice-${name}`)).status).toBe(200);
  });

  it('a move that was killed after its claim is completed by the next sync', async () => {
    const { name, bring } = world();
    await bring(all(map(`stays-${name}`), map(`goes-${name}`)));
    const target = { inventory: { namespace: 'default' } };
    let asked = 0;
    function held(): void {
      asked++;
      if (asked > 1) throw new Error('killed');
    }
    await expect(bring(map(`stays-${name}`), { target, held })).rejects.toThrow('killed');
    expect((await bring(map(`stays-${name}`), { target })).changes).toMatchObject({ configured: 1, deleted: 1 });
    expect((await api('GET', `${configMaps}/sluice-${name}`)).status).toBe(404);
  });

  it('a claimed kind that the cluster serves no more has no members', async () => {
    const { name, bring } = world();
    const group = `${name}.sluice.test`;
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `widgets.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { kind: 'Widget', plural: 'widgets' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    };
    const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
    const widget = JSON.stringify({ apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'w', namespace } });
    await bring(all(JSON.stringify(crd), widget, map(`a-${name}`)));
    await api('DELETE', `${path}/widgets.${group}`);
    for (let tries = 0; tries < 100 && (await api('GET', `/apis/${group}/v1`)).status === 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const result = await bring(map(`a-${name}`));
    expect(result.error).toBeUndefined();
    expect(result.changes).toMatchObject({ unchanged: 1, failed: 0 });
    expect(await annotationsOf(name)).toMatchObject({ 'applyset.kubernetes.io/contains-group-kinds': 'ConfigMap' });
  });

  it('a manifest that brings a part-of label is refused', async () => {
    const { name, bring } = world();
    const result = await bring(map(`a-${name}`, { labels: { 'applyset.kubernetes.io/part-of': 'x' } }));
    expect(result.error?.message).toContain('may not bring the label applyset.kubernetes.io/part-of');
  });

  it('a copy of an object with its labels and annotations is not ours to delete', async () => {
    const { name, bring } = world({ allowEmpty: true });
    await bring(map(`a-${name}`));
    const { labels, annotations } = (await api('GET', `${configMaps}/a-${name}`)).body.metadata;
    await api('POST', configMaps, { metadata: { name: `copy-${name}`, labels, annotations } });
    await bring('');
    expect((await api('GET', `${configMaps}/a-${name}`)).status).toBe(404);
    expect((await api('GET', `${configMaps}/copy-${name}`)).status).toBe(200);
  });

  // APPLY §4 (T): the endpoints controller copies the labels of a Service, ours among them.
  it('the Endpoints that the controller makes of a Service of ours are not ours to delete', async () => {
    const { name, bring } = world();
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: `s-${name}`, namespace },
      spec: { selector: { app: name }, ports: [{ port: 80 }] },
    };
    // Since git has Endpoints too, the kind is claimed, and listed.
    const endpoints = { apiVersion: 'v1', kind: 'Endpoints', metadata: { name: `e-${name}`, namespace }, subsets: [] };
    await bring(all(JSON.stringify(service), JSON.stringify(endpoints)));
    const path = `/api/v1/namespaces/${namespace}/endpoints`;
    const made = await untilMade(`${path}/s-${name}`);
    expect(made.metadata.labels).toMatchObject({
      'applyset.kubernetes.io/part-of': inventoryId(`sluice-${name}`, namespace),
    });
    const second = await bring(JSON.stringify(service));
    expect(second.objects).toEqual([{ id: `${namespace}:endpoints/e-${name}`, action: 'deleted' }]);
    expect(second.changes).toMatchObject({ deleted: 1, unchanged: 1 });
    expect((await api('GET', `${path}/s-${name}`)).body.metadata.uid).toBe(made.metadata.uid);
    expect((await annotationsOf(name))['applyset.kubernetes.io/contains-group-kinds']).toBe('Service');
  });

  it('another installation that synced lately is refused; taking over, or its silence, lets us', async () => {
    const { name, bring } = world();
    const now = Date.now();
    await bring(map(`a-${name}`), { installation: 'one', now });
    await expect(bring(map(`a-${name}`), { installation: 'two', now: now + 1000 })).rejects.toMatchObject({
      fault: 'user',
      code: 'HeldElsewhere',
    });
    await bring(map(`a-${name}`), { installation: 'two', now: now + 2000, takeOver: true });
    expect((await annotationsOf(name))['sluice.dev/holder']).toMatch(/^two\//);
    await bring(map(`a-${name}`), { installation: 'three', now: now + 2000 + 3 * 3600_000 + 1 });
    expect((await annotationsOf(name))['sluice.dev/holder']).toMatch(/^three\//);
  });

  it('of two runs that claim at once one is told so', async () => {
    const { name, bring } = world();
    await bring(map(`a-${name}`));
    const results = await Promise.allSettled(
      [1, 2, 3, 4].map((value) => bring(map(`a-${name}`, {}, { value: String(value) }))),
    );
    const refused = results.filter(({ status }) => status === 'rejected');
    for (const { reason } of refused as PromiseRejectedResult[])
      expect(reason).toMatchObject({ fault: 'server', code: 'Superseded' });
    expect(refused.length).toBeLessThan(4);
  });

  // A pin was read and then not heeded: the next push undid a rollback.
  it.each(['suspended', 'pinned'])(
    'a %s parent stops the sync before anything is touched, also when all that Sluice kept is lost',
    async (how) => {
      const { name, bring } = world();
      await bring(map(`a-${name}`));
      const annotations = { [`sluice.dev/${how}`]: 'ann 2026-11-22 while we look' };
      await api('PATCH', `${configMaps}/sluice-${name}`, { metadata: { annotations } }, merge);
      const pushed = map(`a-${name}`, {}, { a: 'c' });
      const reason = `${how}: ann 2026-11-22 while we look`;
      await expect(bring(pushed)).rejects.toThrow(reason);
      const { store: empty } = createWorld(kubeconfig, name);
      await expect(bring(pushed, { store: empty })).rejects.toThrow(reason);
      expect((await api('GET', `${configMaps}/a-${name}`)).body.data).toEqual({ a: 'b' });
      expect(await annotationsOf(name)).toMatchObject(annotations);
    },
  );

  it('a target whose inventory moves does not lose its pin by that', async () => {
    const { name, bring } = world();
    await bring(map(`a-${name}`));
    const parent = `${configMaps}/sluice-${name}`;
    await api('PATCH', parent, { metadata: { annotations: { 'sluice.dev/pinned': 'ann' } } }, merge);
    const moving = bring(map(`a-${name}`, {}, { a: 'c' }), { target: { inventory: { namespace: 'default' } } });
    await expect(moving).rejects.toThrow('pinned: ann');
    expect((await api('GET', `${configMaps}/a-${name}`)).body.data).toEqual({ a: 'b' });
    expect((await api('GET', parent)).status).toBe(200);
  });

  it('a target that is adopted does not lose its pin by that', async () => {
    const [old, heir] = [world(), world()];
    await old.bring(map(`a-${old.name}`));
    const parent = `${configMaps}/sluice-${old.name}`;
    await api('PATCH', parent, { metadata: { annotations: { 'sluice.dev/pinned': 'ann' } } }, merge);
    const adopting = heir.bring(map(`a-${old.name}`, {}, { a: 'c' }), { target: { adopts: [old.name] } });
    await expect(adopting).rejects.toThrow('pinned: ann');
    expect((await api('GET', `${configMaps}/a-${old.name}`)).body.data).toEqual({ a: 'b' });
    expect((await api('GET', parent)).status).toBe(200);
  });

  it('objects outside of allowNamespaces are skipped by name; those inside are listed namespace by namespace', async () => {
    const { name, bring } = world({ allowNamespaces: [namespace] });
    const text = all(
      map(`a-${name}`),
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'no', namespace: 'kube-system' } }),
    );
    expect(await bring(text)).toMatchObject({
      changes: { created: 1, skipped: 1 },
      objects: expect.arrayContaining([
        { id: 'kube-system:configmap/no', action: 'skipped', error: expect.stringContaining('allowNamespaces') },
      ]),
    });
    expect(await bring(text)).toMatchObject({ changes: { unchanged: 1, skipped: 1 } });
    expect((await bring(map(`b-${name}`))).changes).toMatchObject({ created: 1, deleted: 1 });
  });

  it('a run that lost its lease writes nothing more', async () => {
    const { name, bring } = world();
    await bring(map(`a-${name}`));
    let asked = 0;
    function held(): void {
      asked++;
      if (asked > 1) throw new Error('the lease is lost');
    }
    await expect(bring(map(`a-${name}`, {}, { a: 'late' }), { held })).rejects.toThrow('the lease is lost');
    expect((await api('GET', `${configMaps}/a-${name}`)).body.data).toEqual({ a: 'b' });
  });
});
