import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Run } from '../../lib/api.ts';
import { describeCluster, serviceAccountKubeconfig } from '../parts/api-server.ts';
import { createRepository, type FileContents, type Repository } from '../parts/repository.ts';
import { configMap, openStage, type Stage, type StageServe } from './stage.ts';

/** Names of cluster scope are this test's own. */
const own = randomBytes(4).toString('hex');
const group = `sluice-${own}.example`;
const applyOthers = 'The other objects were applied; nothing is deleted until all are';
const schemaHelp = 'The manifest does not fit the schema of its kind: look at the field that is named';

const names = [
  ...['refused', 'unknown', 'secret', 'immutable', 'definition', 'scope', 'first-owner', 'second-owner'],
  ...['going', 'gone-and-back', 'silent-api', 'no-silent-api', 'narrow', 'allowed', 'astray'],
] as const;
type Name = (typeof names)[number];

describeCluster('an object', (kubeconfig) => {
  const repositories = new Map<string, Repository>();
  let stage: Stage;
  let serve: StageServe;
  let namespace: string;

  beforeAll(async () => {
    stage = await openStage(kubeconfig);
    namespace = stage.namespace;
    await Promise.all(names.map(async (name) => repositories.set(name, await createRepository(stage.directory, name))));
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['*'] }];
    const secrets = { narrow: await serviceAccountKubeconfig(kubeconfig, namespace, 'narrow', rules) };
    const narrow = { cluster: { kubeconfig: { file: 'narrow' } } };
    const fields: Partial<Record<Name, Readonly<Record<string, unknown>>>> = {
      narrow,
      astray: narrow,
      allowed: { ...narrow, allowNamespaces: [namespace] },
    };
    const others = names.map((name) =>
      stage.targetOf(name, { source: { url: repositories.get(name)?.url, branch: 'main' }, ...fields[name] }),
    );
    serve = await stage.serve({ others, secrets });
  });
  afterAll(async () => {
    await serve[Symbol.asyncDispose]();
    await stage.api('DELETE', `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.${group}`);
    await stage.api('DELETE', `/apis/rbac.authorization.k8s.io/v1/clusterroles/role-${own}`);
    await stage[Symbol.asyncDispose]();
  });

  async function push(name: Name, files: Readonly<Record<string, FileContents>>): Promise<string> {
    const repository = repositories.get(name);
    if (repository === undefined) throw new Error(`there is no repository ${name}`);
    const after = await repository.commit(files);
    const [run = ''] = await serve.pushed({ url: repository.url, after });
    return run;
  }

  async function pushed(name: Name, files: Readonly<Record<string, FileContents>>): Promise<Run> {
    return await serve.ended(await push(name, files), 60);
  }

  /** The run once it is over, or once its first attempt has said why it is tried again. */
  async function attempted(id: string): Promise<Run> {
    for (let tries = 0; tries < 600; tries++) {
      const run = await serve.run(id);
      if (run.error !== undefined || run.finishedAt !== undefined) return run;
      await sleep(100);
    }
    throw new Error(`nothing is said of run ${id}:\n${serve.output}`);
  }

  function find(run: Run, id: string): Run['objects'][number] | undefined {
    return run.objects.find((object) => object.id === id);
  }

  it.concurrent('that the API refuses is named with its place in git; the others are applied, nothing is deleted', async () => {
    await pushed('refused', { 'kept.yaml': configMap('kept', { a: '1' }), 'old.yaml': configMap('old') });
    const files = { 'kept.yaml': configMap('kept', { a: '2' }), 'old.yaml': null };
    const run = await pushed('refused', { ...files, 'bad.yaml': `# a comment\n${configMap('Bad_Name')}` });
    const state =
      "metadata.name: Invalid value: \"Bad_Name\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
    expect(run).toMatchObject({
      status: 'failed',
      changes: { configured: 1, failed: 1, skipped: 1, deleted: 0 },
      error: {
        message: `Cannot apply "${namespace}:configmap/Bad_Name" of bad.yaml:2: ${state}`,
        help: applyOthers,
      },
    });
    expect(find(run, `${namespace}:configmap/Bad_Name`)?.error).toBe(`bad.yaml:2: ${state}`);
    expect(find(run, `${namespace}:configmap/old`)?.error).toBe('not deleted: an object of this revision failed');
    const healed = await pushed('refused', { 'bad.yaml': null });
    expect(healed).toMatchObject({ status: 'succeeded', changes: { unchanged: 1, deleted: 1 } });
  });

  it.concurrent('of an unknown kind, version or field is named with what to do', async () => {
    const run = await pushed('unknown', {
      'a.yaml': 'apiVersion: apps/v1\nkind: Deploymnet\nmetadata: {name: a}\n',
      'b.yaml': 'apiVersion: apps/v1beta9\nkind: Deployment\nmetadata: {name: b}\n',
      'c.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {name: c}\nspec: {prts: []}\n',
      'd.yaml': configMap('d', {}).replace('"data":{}', '"data":{"port":80}'),
    });
    expect(run.error).toEqual({
      fault: 'user',
      message:
        'Cannot apply 4 of 4 objects, the first "<cluster>:deploymnet/a" of a.yaml:1: the cluster has no kind Deploymnet in apps/v1; did you mean Deployment?',
      help: `Correct the kind, or put its CustomResourceDefinition beside it. Nothing is deleted until they are applied. "sluice runs ${run.id}" shows each`,
    });
    expect(run.objects.map(({ error }) => error)).toEqual([
      expect.stringMatching(/^a\.yaml:1: /),
      'b.yaml:1: the cluster has no kind Deployment in apps/v1beta9 (Use a version that the cluster serves ("kubectl api-versions" lists them), or put the CustomResourceDefinition beside it)',
      `c.yaml:1: .spec.prts: field not declared in schema (${schemaHelp})`,
      `d.yaml:1: .data.port: expected string (${schemaHelp})`,
    ]);
  });

  it.concurrent('that is a malformed Secret is named, and its value appears nowhere', async () => {
    const secret = (name: string, rest: string) =>
      `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}}\n${rest.replaceAll('VALUE', 'canary-4b1d')}\n`;
    const run = await pushed('secret', {
      'a.yaml': secret('a', 'data: {password: "VALUE is not base64!"}'),
      'b.yaml': secret('b', 'type: kubernetes.io/dockerconfigjson\nstringData: {password: VALUE}'),
      'c.yaml': secret('c', 'stringdata: {password: VALUE}'),
      'd.yaml': secret('d', 'stringData: {password: {VALUE: VALUE}}'),
      'e.yaml': secret('e', 'stringData: {password: 0777}'),
      'f.yaml': secret('f', 'stringData: {"pass word": VALUE}'),
      'g.yaml': secret('g', 'stringData: {password: VALUE}'),
      // The value again, where it is no secret's: the server's message would quote it.
      'h.yaml': `apiVersion: v1\nkind: Service\nmetadata: {name: h}\nspec: {type: canary-4b1d, ports: [{port: 80}]}\n`,
    });
    expect(run.status).toBe('failed');
    const said = Object.fromEntries(run.objects.map(({ id, error = '' }) => [id.split('/')[1], error]));
    expect(said).toEqual({
      a: expect.stringMatching(
        /^a\.yaml:1: a value of data is not base64; write it as base64, or under stringData as it is/,
      ),
      b: 'b.yaml:1: data[.dockerconfigjson]: Required value',
      c: expect.stringMatching(/^c\.yaml:1: it has a field that no Secret has; did you mean stringData\?/),
      d: expect.stringMatching(/^d\.yaml:1: data\.password: expected string/),
      e: expect.stringMatching(/^e\.yaml:1: data\.password: expected string/),
      f: 'f.yaml:1: Invalid; what the server says is withheld, since it may quote the values',
      g: '',
      h: expect.stringMatching(/^h\.yaml:1: spec\.type: Unsupported value: "\*\*\*"/),
    });
    expect(serve.output + JSON.stringify(run)).not.toContain('canary');
    expect(serve.output + JSON.stringify(run)).not.toContain(
      Buffer.from('canary-4b1d').toString('base64').slice(0, 12),
    );
  });

  it.concurrent('whose immutable field was changed is named with what to do, which works', async () => {
    function deployment(app: string, annotations = '{}'): string {
      return `apiVersion: apps/v1
kind: Deployment
metadata: {name: immutable, annotations: ${annotations}}
spec:
  replicas: 0
  selector: {matchLabels: {app: ${app}}}
  template:
    metadata: {labels: {app: ${app}}}
    spec: {containers: [{name: shop, image: shop}]}
`;
    }
    expect(await pushed('immutable', { 'a.yaml': deployment('one') })).toMatchObject({ status: 'succeeded' });
    const run = await pushed('immutable', { 'a.yaml': deployment('two') });
    expect(run.error).toMatchObject({
      message: `Cannot apply "${namespace}:deployment/immutable" of a.yaml:1: spec.selector: field is immutable`,
      help: expect.stringContaining('set the annotation kustomize.toolkit.fluxcd.io/force: enabled on the object'),
    });
    const force = '{kustomize.toolkit.fluxcd.io/force: enabled}';
    const forced = await attempted(await push('immutable', { 'a.yaml': deployment('two', force) }));
    expect(forced.error).toBeUndefined();
    const { body } = await stage.api('GET', `/apis/apps/v1/namespaces/${namespace}/deployments/immutable`);
    expect(body.spec.selector.matchLabels).toEqual({ app: 'two' });
  });

  it.concurrent('of a kind that a CRD of the same push defines is created', async () => {
    const crd = {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: `widgets.${group}` },
      spec: {
        group,
        scope: 'Namespaced',
        names: { plural: 'widgets', singular: 'widget', kind: 'Widget' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } }],
      },
    };
    const widget = { apiVersion: `${group}/v1`, kind: 'Widget', metadata: { name: 'w' } };
    const run = await pushed('definition', { 'a.yaml': JSON.stringify(widget), 'z.yaml': JSON.stringify(crd) });
    expect(run).toMatchObject({ status: 'succeeded', changes: { created: 2 } });
  });

  it.concurrent('of cluster scope loses the namespace that its manifest gives it', async () => {
    const text = `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: role-${own}, namespace: nowhere}\nrules: []\n`;
    const run = await pushed('scope', { 'a.yaml': text });
    expect(run).toMatchObject({ status: 'succeeded', objects: [{ id: `<cluster>:clusterrole/role-${own}` }] });
    expect(await pushed('scope', { 'b.yaml': configMap('beside') })).toMatchObject({ changes: { unchanged: 1 } });
    expect(await pushed('scope', { 'a.yaml': null })).toMatchObject({ changes: { unchanged: 1, deleted: 1 } });
  });

  it.concurrent('of another target is left alone, and both targets are named', async () => {
    await pushed('first-owner', { 'a.yaml': configMap('owned', { by: 'first' }) });
    const run = await pushed('second-owner', { 'a.yaml': configMap('owned', { by: 'second' }) });
    expect(run.error).toMatchObject({
      message: `Cannot apply "${namespace}:configmap/owned" of a.yaml:1: it belongs to target "first-owner"`,
      help: 'Remove it from one of the two; or, if "second-owner" shall have it, list the other one in its adopts. Nothing is deleted until it is applied',
    });
    const { body } = await stage.api('GET', `/api/v1/namespaces/${namespace}/configmaps/owned`);
    expect(body.data).toEqual({ by: 'first' });
    expect(await pushed('second-owner', { 'a.yaml': null, 'b.yaml': configMap('free') })).toMatchObject({
      status: 'succeeded',
      changes: { created: 1, deleted: 0 },
    });
  });

  it.concurrent('in a namespace that is being deleted is tried again; a Namespace in git is made anew with it', async () => {
    const dying = `${namespace}-dying`;
    const held = `/api/v1/namespaces/${dying}/configmaps`;
    await stage.api('POST', '/api/v1/namespaces', { metadata: { name: dying } });
    await stage.api('POST', held, { metadata: { name: 'hold', finalizers: [`${group}/hold`] } });
    await stage.api('DELETE', `/api/v1/namespaces/${dying}`);
    const within = (name: string) => configMap(name).replace('"metadata":{', `"metadata":{"namespace":"${dying}",`);
    const [going, back] = await Promise.all([
      push('going', { 'a.yaml': within('a'), 'b.yaml': configMap('going-b') }).then(attempted),
      push('gone-and-back', {
        'a.yaml': within('back'),
        'b.yaml': JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: dying } }),
      }),
    ]);
    expect(going).toMatchObject({
      status: 'queued',
      changes: { created: 1, failed: 1 },
      error: {
        fault: 'server',
        message: `Cannot apply "${dying}:configmap/a" of a.yaml:1: unable to create new content in namespace ${dying} because it is being terminated`,
        help: `The namespace is being deleted; the object is created when it is gone and made anew. ${applyOthers}. It is tried again after 5 s`,
      },
    });
    const release = [{ op: 'remove', path: '/metadata/finalizers' }];
    await stage.api('PATCH', `${held}/hold`, release, { 'content-type': 'application/json-patch+json' });
    expect(await serve.ended(back, 120)).toMatchObject({ status: 'succeeded', changes: { failed: 0, skipped: 0 } });
    expect((await stage.api('GET', `${held}/back`)).status).toBe(200);
    await stage.api('DELETE', `/api/v1/namespaces/${dying}`);
  }, 120_000);

  it.concurrent('that an account limited to its namespace may write is synced, with and without allowNamespaces', async () => {
    for (const name of ['narrow', 'allowed'] as const) {
      await pushed(name, { 'a.yaml': configMap(`${name}-a`, { a: '1' }), 'b.yaml': configMap(`${name}-b`) });
      const run = await pushed(name, { 'a.yaml': configMap(`${name}-a`, { a: '2' }), 'b.yaml': null });
      expect(run).toMatchObject({ status: 'succeeded', changes: { configured: 1, deleted: 1 } });
    }
  });

  it.concurrent('that this account may not write is named; the others are applied', async () => {
    const outside = configMap('outside').replace('"metadata":{', '"metadata":{"namespace":"default",');
    const run = await pushed('astray', { 'a.yaml': configMap('astray-a'), 'b.yaml': outside });
    expect(run).toMatchObject({
      status: 'failed',
      changes: { created: 1, failed: 1 },
      error: {
        fault: 'user',
        message: `Cannot apply "default:configmap/outside" of b.yaml:1: User "system:serviceaccount:${namespace}:narrow" cannot get resource "configmaps" in API group "" in the namespace "default"`,
        help: `"sluice validate --rbac astray" prints the Role that the account needs. ${applyOthers}`,
      },
    });
  });

  // Alone: while such an API is registered, no namespace of the cluster can be finalized.
  it('of an aggregated API that does not answer waits for it; a sync without such kinds does not notice', async () => {
    const api = `silent.${group}`;
    const apiService = {
      metadata: { name: `v1.${api}` },
      spec: {
        group: api,
        version: 'v1',
        groupPriorityMinimum: 100,
        versionPriority: 10,
        insecureSkipTLSVerify: true,
        service: { name: 'nowhere', namespace, port: 443 },
      },
    };
    const registry = '/apis/apiregistration.k8s.io/v1/apiservices';
    await stage.api('POST', registry, apiService);
    try {
      for (let tries = 0; tries < 100; tries++) {
        const { status } = await stage.api('GET', `/apis/${api}/v1`);
        if (status === 503) break;
        await sleep(50);
      }
      const gadget = `apiVersion: ${api}/v1\nkind: Gadget\nmetadata: {name: g}\n`;
      const [without, run] = await Promise.all([
        pushed('no-silent-api', { 'a.yaml': configMap('unaware') }),
        push('silent-api', { 'a.yaml': configMap('beside-gadget'), 'g.yaml': gadget }).then(attempted),
      ]);
      expect(without.status).toBe('succeeded');
      expect(run).toMatchObject({
        status: 'queued',
        changes: { created: 1, failed: 1 },
        error: {
          message: `Cannot apply "<cluster>:gadget/g" of g.yaml:1: the cluster does not say which kinds ${api}/v1 has: service unavailable`,
          help: `See the APIService of ${api}/v1 in the cluster. ${applyOthers}. It is tried again after 5 s`,
        },
      });
    } finally {
      await stage.api('DELETE', `${registry}/v1.${api}`);
    }
  });
});
