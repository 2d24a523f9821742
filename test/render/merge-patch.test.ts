import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../lib/process.ts';
import { mergeRulesOf } from '../../lib/render/merge-keys.ts';
import { type JsonMap, jsonMergePatch, strategicMergePatch } from '../../lib/render/merge-patch.ts';
import { makeDirectory } from './checkout.ts';
import { tools } from './tools.ts';

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'a', finalizers: ['fx', 'fz'], labels: { a: 'b', c: 'd' } },
  spec: {
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } },
    template: {
      metadata: { finalizers: ['p'] },
      spec: {
        tolerations: [{ key: 'a' }, { key: 'b' }],
        containers: [
          {
            name: 'a',
            image: 'a:1',
            args: ['x', 'w'],
            env: [
              { name: 'X', value: '1' },
              { name: 'W', value: '2' },
            ],
            ports: [{ containerPort: 80 }, { containerPort: 81, name: 'x' }],
          },
          { name: 'b', image: 'b:1' },
          { name: 'c', image: 'c:1' },
        ],
        initContainers: [{ name: 'i', volumeMounts: [{ mountPath: '/a', name: 'v' }] }],
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 'w', secret: { secretName: 's' } },
        ],
        hostAliases: [{ ip: '10.0.0.1', hostnames: ['a'] }],
      },
    },
  },
};

const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'a' },
  spec: { ports: [{ port: 80 }, { port: 81, name: 'x' }], externalIPs: ['10.0.0.1'] },
};

const cronJob = {
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'a' },
  spec: { jobTemplate: { spec: { template: { spec: { containers: [{ name: 'a', image: 'a:1' }, { name: 'b' }] } } } } },
};

const webhook = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name: 'a' },
  webhooks: [{ name: 'a', rules: [{ operations: ['CREATE'] }] }, { name: 'b' }],
};

const serviceAccount = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'a' },
  secrets: [{ name: 'a' }],
  imagePullSecrets: [{ name: 'a' }],
};

function pod(spec: unknown): unknown {
  return { spec: { template: { spec } } };
}

const patches: Record<string, [object: object, patch: unknown]> = {
  'an image': [deployment, pod({ containers: [{ name: 'b', image: 'b:2' }] })],
  'an order alone': [deployment, pod({ '$setElementOrder/containers': [{ name: 'c' }, { name: 'a' }] })],
  // biome-ignore format: a table
  'an order with a new item': [deployment, pod({ '$setElementOrder/containers': [{ name: 'a' }, { name: 'n' }, { name: 'b' }], containers: [{ name: 'n', image: 'n' }] })],
  'a new item without an order': [
    deployment,
    pod({
      containers: [
        { name: 'n', image: 'n' },
        { name: 'b', image: null },
      ],
    }),
  ],
  'an empty list': [deployment, pod({ containers: [], '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] })],
  '$patch: delete of an item': [
    deployment,
    pod({
      containers: [
        { name: 'a', $patch: 'delete' },
        { name: 'no', $patch: 'delete' },
      ],
    }),
  ],
  '$patch: replace of a list': [deployment, pod({ containers: [{ name: 'q' }, { $patch: 'replace' }] })],
  '$patch: replace of a map': [deployment, { metadata: { labels: { $patch: 'replace', z: '1' } } }],
  '$patch: delete of a map': [deployment, { metadata: { labels: { $patch: 'delete' } } }],
  '$patch: replace of an item': [deployment, pod({ containers: [{ name: 'a', image: 'q', $patch: 'replace' }] })],
  'scalars of a list': [
    deployment,
    { metadata: { finalizers: ['fn', 'fx'], '$deleteFromPrimitiveList/finalizers': ['fz'] } },
  ],
  'an order of scalars': [
    deployment,
    { metadata: { finalizers: ['fn'], '$setElementOrder/finalizers': ['fn', 'fx'] } },
  ],
  '$retainKeys of a map': [deployment, { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }],
  // biome-ignore format: a table
  '$retainKeys of an item': [deployment, pod({ volumes: [{ $retainKeys: ['name', 'configMap'], name: 'w', configMap: { name: 'x' } }] })],
  'a list that is replaced': [deployment, pod({ tolerations: [{ key: 'c' }] })],
  'a list that goes': [deployment, pod({ containers: null })],
  'another type': [deployment, { spec: { strategy: 'x' } }],
  // biome-ignore format: a table
  'lists within items': [deployment, pod({ containers: [{ name: 'a', args: ['q'], ports: [{ containerPort: 81, name: 'w' }, { containerPort: 82 }], env: [{ name: 'X', $patch: 'delete' }, { name: 'Z', value: '3' }] }], initContainers: [{ name: 'i', volumeMounts: [{ mountPath: '/b', name: 'w' }] }], hostAliases: [{ ip: '10.0.0.1', hostnames: ['b'] }] })],
  'nulls in what is new': [deployment, { spec: { foo: { x: null, y: { z: null } } } }],
  'the metadata of the pods': [
    deployment,
    { spec: { template: { metadata: { finalizers: ['q'], labels: { a: 'b' } } } } },
  ],
  'ports of a Service': [
    service,
    { spec: { ports: [{ port: 81, name: 'z' }, { port: 82 }], externalIPs: ['10.0.0.2'] } },
  ],
  // biome-ignore format: a table
  'containers of a CronJob': [cronJob, { spec: { jobTemplate: { spec: { template: { spec: { containers: [{ name: 'a', image: 'a:2' }] } } } } } }],
  webhooks: [webhook, { webhooks: [{ name: 'a', rules: [] }] }],
  'the two lists of a ServiceAccount': [
    serviceAccount,
    { secrets: [{ name: 'b' }], imagePullSecrets: [{ name: 'b' }] },
  ],
};

function patched(object: object, patch: unknown): JsonMap {
  const rules = mergeRulesOf(object as { apiVersion: string; kind: string });
  if (!rules) throw new Error('not a kind of Kubernetes');
  return strategicMergePatch(object as JsonMap, patch as JsonMap, rules);
}

describe('strategicMergePatch, beside kubectl patch --local', () => {
  it.each(Object.entries(patches))('%s', async (_name, [object, patch]) => {
    const directory = await makeDirectory();
    await writeFile(join(directory, 'object.json'), JSON.stringify(object));
    const { kubectl } = await tools();
    const args = [
      'patch',
      '--local',
      '-f',
      'object.json',
      '--type',
      'strategic',
      '-p',
      JSON.stringify(patch),
      '-o',
      'json',
    ];
    const { stdout, stderr } = await runCommand(kubectl, args, {
      directory,
      environment: { HOME: directory },
      timeoutSeconds: 30,
    });
    expect(stderr).toBe('');
    expect(patched(object, patch)).toEqual(JSON.parse(stdout.toString('utf8')));
  });

  it.each([
    ['an item without its key', pod({ containers: [{ image: 'x' }] }), 'an item of containers has no name'],
    [
      'an item that the order leaves out',
      pod({ containers: [{ name: 'a' }], '$setElementOrder/containers': [{ name: 'b' }] }),
      '"a" is not in $setElementOrder/containers',
    ],
  ])('%s is refused', (_name, patch, message) => {
    expect(() => patched(deployment, patch)).toThrow(new RangeError(message));
  });

  it('leaves the original as it was', () => {
    const before = structuredClone(deployment);
    for (const [object, patch] of Object.values(patches)) patched(object, patch);
    expect(deployment).toEqual(before);
  });
});

describe('jsonMergePatch', () => {
  it('is for kinds of others', () => {
    expect(mergeRulesOf({ apiVersion: 'helm.fluxcd.io/v1', kind: 'HelmRelease' })).toBeUndefined();
    expect(mergeRulesOf({ apiVersion: 'apps.example.com/v1', kind: 'Deployment' })).toBeUndefined();
  });

  it('merges maps, replaces lists and removes what is null', () => {
    const original = { spec: { values: { image: { tag: '1.4.4', repository: 'a' }, list: [{ name: 'a' }], gone: 1 } } };
    const patch = {
      spec: { values: { image: { tag: 1.6 }, list: [{ name: 'b' }], gone: null, fresh: { x: null, z: 1 } } },
    };
    expect(jsonMergePatch(original, patch)).toEqual({
      spec: { values: { image: { tag: 1.6, repository: 'a' }, list: [{ name: 'b' }], fresh: { z: 1 } } },
    });
  });

  it('applied twice gives what it gives once', () => {
    const json = fc.letrec((tie) => ({
      map: fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
      value: fc.oneof({ depthSize: 'small' }, fc.constantFrom(null, 1, 'x', [1]), tie('map')),
    })).map as fc.Arbitrary<JsonMap>;
    fc.assert(
      fc.property(json, json, (original, patch) => {
        const once = jsonMergePatch(original, patch);
        expect(jsonMergePatch(once, patch)).toEqual(once);
      }),
    );
  });
});
