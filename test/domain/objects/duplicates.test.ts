import { describe, expect, it } from 'vitest';
import { duplicateFailure, findDuplicate } from '../../../lib/domain/objects/duplicates.ts';
import type { KubeObject, Manifest } from '../../../lib/domain/objects/kube-object.ts';

function manifest(
  apiVersion: string,
  kind: string,
  name: string,
  namespace: string | undefined,
  file: string,
): Manifest {
  return {
    object: { apiVersion, kind, metadata: { name, ...(namespace !== undefined && { namespace }) } },
    file,
    line: 1,
  };
}

type Row = [apiVersion: string, kind: string, name: string, namespace: string | undefined];

function written(object: KubeObject): string | undefined {
  return object.metadata.namespace;
}

const rows: readonly [what: string, first: Row, second: Row, duplicate: boolean][] = [
  ['the same object twice', ['v1', 'ConfigMap', 'a', 'x'], ['v1', 'ConfigMap', 'a', 'x'], true],
  ['another version of its group', ['batch/v1beta1', 'CronJob', 'a', 'x'], ['batch/v1', 'CronJob', 'a', 'x'], true],
  ['extensions and apps', ['extensions/v1beta1', 'Deployment', 'a', 'x'], ['apps/v1', 'Deployment', 'a', 'x'], true],
  [
    'extensions and networking',
    ['extensions/v1beta1', 'Ingress', 'a', 'x'],
    ['networking.k8s.io/v1', 'Ingress', 'a', 'x'],
    true,
  ],
  [
    'extensions and policy',
    ['extensions/v1beta1', 'PodSecurityPolicy', 'a', undefined],
    ['policy/v1beta1', 'PodSecurityPolicy', 'a', undefined],
    true,
  ],
  ['events of both groups', ['events.k8s.io/v1', 'Event', 'a', 'x'], ['v1', 'Event', 'a', 'x'], true],
  [
    'groups that only share a kind',
    ['serving.knative.dev/v1', 'Service', 'a', 'x'],
    ['v1', 'Service', 'a', 'x'],
    false,
  ],
  ['other names', ['v1', 'Service', 'a', 'x'], ['v1', 'Service', 'b', 'x'], false],
  ['other namespaces', ['v1', 'Service', 'a', 'x'], ['v1', 'Service', 'a', 'y'], false],
  ['a namespace and none', ['v1', 'Service', 'a', 'x'], ['v1', 'Service', 'a', undefined], false],
  ['other kinds', ['v1', 'Secret', 'a', 'x'], ['v1', 'Service', 'a', 'x'], false],
];

describe('findDuplicate', () => {
  it.each(rows)('tells %s', (_name, first, second, duplicate) => {
    const manifests = [manifest(...first, 'a.yaml'), manifest(...second, 'b.yaml')];
    expect(findDuplicate(manifests, written) !== undefined).toBe(duplicate);
  });

  it('looks at the namespace that an object will have, not at the one it is written with', () => {
    const manifests = [
      manifest('v1', 'Service', 'a', undefined, 'a.yaml'),
      manifest('v1', 'Service', 'a', 'shop', 'b.yaml'),
    ];
    expect(findDuplicate(manifests, (object) => object.metadata.namespace ?? 'shop')?.id).toBe('shop:service/a');
    const spurious = [
      manifest('v1', 'Namespace', 'a', undefined, 'a.yaml'),
      manifest('v1', 'Namespace', 'a', 'x', 'b.yaml'),
    ];
    expect(findDuplicate(spurious, () => undefined)?.id).toBe('namespace/a');
  });

  it('is told with the id and both places', () => {
    const manifests = [
      manifest('v1', 'Service', 'a', 'x', 'a.yaml'),
      { ...manifest('v1', 'Service', 'a', 'x', 'b'), line: 7 },
    ];
    const { line: _, ...printed } = manifest('v1', 'Service', 'a', 'x', 'kustomize build prod');
    const duplicate = findDuplicate(manifests, written);
    expect(duplicate && duplicateFailure(duplicate).message).toBe(
      'Cannot apply "x:service/a": a duplicate, defined in "a.yaml" line 1 and in "b" line 7',
    );
    const other = findDuplicate([printed, ...manifests.slice(0, 1)], written);
    expect(other && duplicateFailure(other)).toMatchObject({
      fault: 'user',
      message: 'Cannot apply "x:service/a": a duplicate, defined in "kustomize build prod" and in "a.yaml" line 1',
    });
  });
});
