import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { describeCluster, rawApi, useNamespace } from '../../parts/api-server.ts';
import { kubectl } from '../../parts/kubectl.ts';
import { createWorld } from './world.ts';

describeCluster('apply', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const api = rawApi(kubeconfig);
  const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;
  const target = { namespace };
  function world(name: string, fields: Record<string, unknown> = {}): ReturnType<typeof createWorld> {
    return createWorld(kubeconfig, `${name}-${randomBytes(3).toString('hex')}`, { ...target, ...fields });
  }

  interface Shape {
    readonly replicas?: number;
    readonly labels?: Record<string, string>;
    readonly env?: Record<string, string>;
    readonly sidecar?: boolean;
    readonly image?: string;
  }

  function deployment(name: string, { replicas, labels, env = {}, sidecar, image = 'nginx:1' }: Shape = {}): string {
    const app = { name: 'app', image, env: Object.entries(env).map(([key, value]) => ({ name: key, value })) };
    return JSON.stringify({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace, ...(labels && { labels }) },
      spec: {
        ...(replicas !== undefined && { replicas }),
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: { containers: sidecar ? [app, { name: 'sidecar', image: 'busybox:1' }] : [app] },
        },
      },
    });
  }

  it('a Namespace, a CRD and a resource of it, and a workload arrive in one sync', async () => {
    const id = randomBytes(3).toString('hex');
    const group = `g${id}.sluice.test`;
    const inside = `ns-${id}`;
    const documents = [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'app', namespace: inside },
        spec: {
          replicas: 0,
          selector: { matchLabels: { a: 'b' } },
          template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
        },
      },
      { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'w', namespace: inside }, spec: { size: 1 } },
      {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: `widgets.${group}` },
        spec: {
          group,
          scope: 'Namespaced',
          names: { kind: 'Widget', plural: 'widgets' },
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
            },
          ],
        },
      },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: inside } },
    ];
    const text = documents.map((document) => JSON.stringify(document)).join('\n---\n');
    const brought = world('stages', { allowEmpty: true });
    expect(await brought.bring(text)).toMatchObject({ changes: { created: 4, failed: 0 } });
    expect(await brought.bring(text)).toMatchObject({ changes: { unchanged: 4, configured: 0 } });
    const gone = await brought.bring('');
    expect(gone.objects.map(({ id: object, action, error }) => [action, object, error])).toContainEqual([
      'deleted',
      `<cluster>:namespace/${inside}`,
      undefined,
    ]);
    expect(gone.changes.deleted + gone.changes.skipped).toBe(4);
    await brought.bring('');
    expect((await api('GET', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${group}`)).status).toBe(
      404,
    );
  });

  it('what is left of a label, an env entry and a container of kubectl apply goes when git drops it', async () => {
    const before = deployment('took', {
      labels: { team: 'web', tier: 'front' },
      env: { A: '1', B: '2' },
      sidecar: true,
    });
    await kubectl(kubeconfig, ['apply', '-f', '-'], before);
    const result = await world('took').bring(deployment('took', { labels: { team: 'web' }, env: { A: '1' } }));
    expect(result.error).toBeUndefined();
    const { metadata, spec } = (await api('GET', `${deployments}/took`)).body;
    expect(metadata.labels).not.toHaveProperty('tier');
    expect(metadata.annotations).not.toHaveProperty('kubectl.kubernetes.io/last-applied-configuration');
    expect(spec.template.spec.containers.map(({ name }: { name: string }) => name)).toEqual(['app']);
    expect(spec.template.spec.containers[0].env).toEqual([{ name: 'A', value: '1' }]);
  });

  it('an object of Flux v1 loses what git drops, and its marks', async () => {
    const object = JSON.parse(deployment('fluxed', { labels: { tier: 'front' } }));
    object.metadata.labels['fluxcd.io/sync-gc-mark'] = 'sha256.x';
    object.metadata.annotations = { 'fluxcd.io/sync-checksum': 'x' };
    await api('POST', `${deployments}?fieldManager=fluxd`, object);
    await world('fluxed').bring(deployment('fluxed'));
    const { metadata } = (await api('GET', `${deployments}/fluxed`)).body;
    expect(Object.keys(metadata.labels)).toEqual(['applyset.kubernetes.io/part-of']);
    expect(metadata.annotations).not.toHaveProperty('fluxcd.io/sync-checksum');
  });

  it('what kubectl edit added is left alone at the take-over', async () => {
    await api('POST', `${configMaps}?fieldManager=kubectl-edit`, {
      metadata: { name: 'edited' },
      data: { theirs: '1' },
    });
    await world('edited').bring(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'edited', namespace },
        data: { ours: '1' },
      }),
    );
    expect((await api('GET', `${configMaps}/edited`)).body.data).toEqual({ ours: '1', theirs: '1' });
  });

  it.each([
    [
      'kubectl set image',
      'drift-image',
      ['set', 'image', 'deployment/drift-image', 'app=nginx:2'],
      /kubectl-set \(.*image/,
    ],
    ['kubectl scale', 'drift-scale', ['scale', 'deployment/drift-scale', '--replicas=0'], undefined],
    ['a removed label', 'drift-label', ['label', 'deployment/drift-label', 'team-'], undefined],
  ])('drift by %s is corrected, and the manager that it was taken from is named', async (_, name, args, taken) => {
    const drift = world(name);
    const text = deployment(name, { replicas: 1, labels: { team: 'web' } });
    await drift.bring(text);
    await kubectl(kubeconfig, ['-n', namespace, ...args]);
    const corrected = await drift.bring(text);
    expect(corrected.changes).toMatchObject({ configured: 1, unchanged: 0 });
    if (taken !== undefined) expect(corrected.objects[0]?.warning).toMatch(taken);
    const { metadata, spec } = (await api('GET', `${deployments}/${name}`)).body;
    expect(metadata.labels.team).toBe('web');
    expect([spec.replicas, spec.template.spec.containers[0].image]).toEqual([1, 'nginx:1']);
    expect((await drift.bring(text)).changes).toMatchObject({ unchanged: 1, configured: 0 });
  });

  it('what others add is nobody’s drift', async () => {
    const drift = world('added');
    const text = deployment('added', { replicas: 1 });
    await drift.bring(text);
    await kubectl(kubeconfig, ['-n', namespace, 'annotate', 'deployment/added', 'acme.io/note=1']);
    expect((await drift.bring(text)).changes).toMatchObject({ unchanged: 1, configured: 0 });
  });

  it('replicas that an autoscaler of the render sets are applied at creation and left alone after', async () => {
    const scaled = world('scaled');
    const autoscaler = JSON.stringify({
      apiVersion: 'autoscaling/v1',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'scaled', namespace },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'scaled' },
        minReplicas: 1,
        maxReplicas: 9,
      },
    });
    const text = [deployment('scaled', { replicas: 2 }), autoscaler].join('\n---\n');
    await scaled.bring(text);
    expect((await api('GET', `${deployments}/scaled`)).body.spec.replicas).toBe(2);
    await kubectl(kubeconfig, ['-n', namespace, 'scale', 'deployment/scaled', '--replicas=5']);
    expect((await scaled.bring(text)).changes).toMatchObject({ unchanged: 2, configured: 0 });
    await scaled.bring([deployment('scaled', { replicas: 2, image: 'nginx:2' }), autoscaler].join('\n---\n'));
    const { spec } = (await api('GET', `${deployments}/scaled`)).body;
    expect([spec.replicas, spec.template.spec.containers[0].image]).toEqual([5, 'nginx:2']);
  });

  it('replicas that git drops keep their live value instead of falling to 1', async () => {
    const dropped = world('dropped');
    await dropped.bring(deployment('dropped', { replicas: 3 }));
    await dropped.bring(deployment('dropped'));
    expect((await api('GET', `${deployments}/dropped`)).body.spec.replicas).toBe(3);
    expect((await dropped.bring(deployment('dropped'))).changes).toMatchObject({ unchanged: 1 });
  });

  it('an ignored field is left to others', async () => {
    const ignoring = world('ignoring', { ignore: [{ kind: 'ConfigMap', paths: ['/data/theirs'] }] });
    function text(ours: string): string {
      return JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'ignoring', namespace },
        data: { theirs: 'git', ours },
      });
    }
    await ignoring.bring(text('1'));
    await api(
      'PATCH',
      `${configMaps}/ignoring`,
      { data: { theirs: 'live' } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect((await ignoring.bring(text('1'))).changes).toMatchObject({ unchanged: 1 });
    await ignoring.bring(text('2'));
    expect((await api('GET', `${configMaps}/ignoring`)).body.data).toEqual({ theirs: 'live', ours: '2' });
  });

  it('the data of a Secret written as stringData is corrected when it drifts, and keys that git drops go', async () => {
    const secret = world('secret');
    function text(data: Record<string, string>): string {
      return JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'plain', namespace },
        stringData: data,
      });
    }
    await secret.bring(text({ a: 'one', b: 'two' }));
    const path = `/api/v1/namespaces/${namespace}/secrets/plain`;
    await api('PATCH', path, { data: { a: 'eA==' } }, { 'content-type': 'application/merge-patch+json' });
    expect((await secret.bring(text({ a: 'one' }))).changes).toMatchObject({ configured: 1 });
    expect((await api('GET', path)).body.data).toEqual({ a: Buffer.from('one').toString('base64') });
  });

  it('an object that the API refuses is named with its file; the others are applied and nothing is pruned', async () => {
    const refused = world('refused');
    function map(name: string, fields: object): string {
      return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, ...fields });
    }
    await refused.bring([map('kept', {}), map('other', {})].join('\n---\n'));
    const result = await refused.bring(
      [map('other', { data: { x: 'y' } }), map('broken', { data: { list: ['no'] } })].join('\n---\n'),
    );
    expect(result.error).toMatchObject({
      fault: 'user',
      message: expect.stringContaining(
        `Cannot apply "${namespace}:configmap/broken" of all.yaml:2: .data.list: expected string`,
      ),
    });
    expect(result.changes).toMatchObject({ configured: 1, failed: 1, skipped: 1, deleted: 0 });
    expect(result.objects[0]).toMatchObject({ id: `${namespace}:configmap/broken`, action: 'failed' });
    expect((await api('GET', `${configMaps}/kept`)).status).toBe(200);
  });

  it('the value of a malformed Secret appears nowhere', async () => {
    const canary = 'canary-of-a-secret-value';
    const secret = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'bad', namespace },
      data: { a: `%%${canary}%%` },
      stringData: { b: canary },
    });
    const result = await world('leak').bring(secret);
    expect(result.error?.message).toContain('secret/bad');
    expect(
      JSON.stringify([result, result.error?.message, result.error?.help, String(result.error?.cause)]),
    ).not.toContain(canary);
  });

  it('a kind that nobody knows is said, and a HelmRelease is skipped with the reason', async () => {
    const text = [
      JSON.stringify({ apiVersion: 'nobody.test/v1', kind: 'Thing', metadata: { name: 'x', namespace } }),
      JSON.stringify({
        apiVersion: 'helm.fluxcd.io/v1',
        kind: 'HelmRelease',
        metadata: { name: 'redis', namespace },
        spec: {},
      }),
    ].join('\n---\n');
    const result = await world('unknown').bring(text);
    expect(result.error?.message).toMatch(/no kind Thing in nobody\.test\/v1/);
    expect(result.objects).toContainEqual(
      expect.objectContaining({ id: `${namespace}:helmrelease/redis`, action: 'skipped' }),
    );
  });

  it('an immutable field is refused with what to do; with the force annotation the object is made anew', async () => {
    const immutable = world('immutable');
    function service(clusterIP: string, annotations = {}): string {
      return JSON.stringify({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'fixed', namespace, annotations },
        spec: { clusterIP, ports: [{ port: 80 }] },
      });
    }
    const address = `10.96.${randomBytes(1)[0]}.${1 + ((randomBytes(1)[0] ?? 0) % 250)}`;
    await immutable.bring(service('None'));
    const refused = await immutable.bring(service(address));
    expect(refused.objects[0]?.error).toMatch(
      /may not change once set.*kustomize\.toolkit\.fluxcd\.io\/force: enabled/s,
    );
    const forced = await immutable.bring(service(address, { 'kustomize.toolkit.fluxcd.io/force': 'enabled' }));
    expect(forced.error).toBeUndefined();
    expect((await api('GET', `/api/v1/namespaces/${namespace}/services/fixed`)).body.spec.clusterIP).toBe(address);
  });

  it('an object that is being deleted is waited for and then created', async () => {
    const waiting = world('waiting');
    await api('POST', configMaps, { metadata: { name: 'going', finalizers: ['sluice.test/hold'] } });
    await api('DELETE', `${configMaps}/going`);
    const text = JSON.stringify({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'going', namespace },
      data: { a: 'b' },
    });
    expect(await waiting.bring(text)).toMatchObject({
      health: 'InProgress',
      againAfterSeconds: 5,
      changes: { skipped: 1 },
    });
    await api(
      'PATCH',
      `${configMaps}/going`,
      { metadata: { finalizers: null } },
      { 'content-type': 'application/merge-patch+json' },
    );
    expect((await waiting.bring(text)).changes).toMatchObject({ created: 1 });
  });

  it('after a crash between the apply and every later write, the revert of the commit is applied', async () => {
    const crashing = world('crash');
    function map(value: string): string {
      return JSON.stringify({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'crash', namespace },
        data: { value },
      });
    }
    await crashing.bring(map('one'));
    const { store } = crashing;
    const dead = {
      ...store,
      put: () => Promise.reject(new Error('killed')),
      get: store.get,
      query: store.query,
      delete: store.delete,
    };
    await expect(crashing.bring(map('two'), { store: dead })).rejects.toThrow('killed');
    expect((await api('GET', `${configMaps}/crash`)).body.data).toEqual({ value: 'two' });
    expect((await crashing.bring(map('one'))).changes).toMatchObject({ configured: 1, unchanged: 0 });
    expect((await api('GET', `${configMaps}/crash`)).body.data).toEqual({ value: 'one' });
  });

  it('without its store a sync applies once more and finds everything as it was', async () => {
    const text = deployment('lost', { replicas: 1 });
    const lost = world('lost');
    await lost.bring(text);
    const empty = createWorld(kubeconfig, 'unused');
    expect((await lost.bring(text, { store: empty.store })).changes).toMatchObject({
      unchanged: 1,
      configured: 0,
      created: 0,
    });
  });
});
