import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../lib/domain/objects/kube-object.ts';
import { definedWorkloads, imagesOf, imageUses } from '../../../lib/domain/release/target-images.ts';

function deployment(name: string, image: string, annotations: Record<string, string> = {}): KubeObject {
  const spec = {
    template: {
      spec: { containers: [{ name: 'app', image }], initContainers: [{ name: 'init', image: 'busybox:1' }] },
    },
  };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, annotations }, spec };
}

const flux2 = 'image.toolkit.fluxcd.io/v1beta2';

function repository(image: unknown, name = 'app'): KubeObject {
  return { apiVersion: flux2, kind: 'ImageRepository', metadata: { name, namespace: 'flux-system' }, spec: { image } };
}

function policy(spec: unknown, name = 'app'): KubeObject {
  return { apiVersion: flux2, kind: 'ImagePolicy', metadata: { name, namespace: 'flux-system' }, spec };
}

const choosing = { imageRepositoryRef: { name: 'app' }, policy: { semver: { range: '>=1' } } };

describe('what a target uses', () => {
  it('is containers, init containers and images in the values of a HelmRelease, with the policies that decide', () => {
    const release: KubeObject = {
      apiVersion: 'helm.fluxcd.io/v1',
      kind: 'HelmRelease',
      metadata: { name: 'ghost', namespace: 'blog' },
      spec: { values: { image: { repository: 'ghost', tag: '5' } } },
    };
    const annotations = { 'fluxcd.io/automated': 'true', 'fluxcd.io/locked_msg': 'wait', 'other.io/x': 'y' };
    const map: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'map' } };
    const images = imagesOf([deployment('web', 'acme/web:1', annotations), release, map], 'shop');
    expect(images.workloads).toEqual([
      {
        id: 'shop:deployment/web',
        policies: { automated: 'true' },
        containers: [
          { name: 'app', image: 'acme/web:1' },
          { name: 'init', image: 'busybox:1' },
        ],
      },
      { id: 'blog:helmrelease/ghost', policies: {}, containers: [{ name: 'chart-image', image: 'ghost:5' }] },
    ]);
  });

  it('holds what only runs, and gives what may be changed', () => {
    const spec = { containers: [{ name: 'once', image: 'acme/once:1' }] };
    const pod: KubeObject = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'once', annotations: { 'fluxcd.io/automated': 'true' } },
      spec,
    };
    const images = imagesOf([pod, deployment('web', 'acme/web:1')], 'shop');
    expect(images.workloads).toHaveLength(2);
    expect(definedWorkloads(images).map(({ id }) => id)).toEqual(['shop:deployment/web']);
    expect(imageUses(images).get('index.docker.io/acme/once')).toEqual({
      workloads: ['shop:pod/once'],
      filters: [],
      chosen: false,
    });
  });

  it.each([
    [{ 'fluxcd.io/automated': 'true' }, ['glob:*']],
    [{ 'fluxcd.io/automated': 'true', 'filter.fluxcd.io/app': 'semver:~1' }, ['semver:~1']],
    [{ 'fluxcd.io/automated': 'true', 'fluxcd.io/locked': 'true' }, []],
    [{ 'fluxcd.io/automated': 'true', 'fluxcd.io/ignore': 'true' }, []],
    [{ 'fluxcd.io/automated': 'yes' }, []],
  ])('with %o waits for tags of %o', (annotations, filters) => {
    const uses = imageUses(imagesOf([deployment('web', 'acme/web:1', annotations)], 'shop'));
    expect(uses.get('index.docker.io/acme/web')?.filters).toEqual(filters);
  });

  it('is chosen by the policies of Flux v2 that have an image', () => {
    const images = imagesOf(
      [repository('ghcr.io/acme/app'), policy({ ...choosing, digestReflectionPolicy: 'Always' })],
      'shop',
    );
    expect(images.policies).toEqual([
      {
        id: 'flux-system:app',
        image: 'ghcr.io/acme/app',
        choice: { policy: choosing.policy, filterTags: undefined },
        withDigest: true,
      },
    ]);
    expect(imageUses(images).get('ghcr.io/acme/app')).toEqual({ workloads: [], filters: [], chosen: true });
  });

  it.each([
    ['is suspended', [repository('ghcr.io/acme/app'), policy({ ...choosing, suspend: true })]],
    ['names none of the repositories', [policy(choosing)]],
    ['is no policy', [repository('ghcr.io/acme/app'), policy({ policy: 1 })]],
    ['cannot be used', [repository('ghcr.io/acme/app'), policy({ ...choosing, policy: { semver: { range: '~~' } } })]],
    ['has a repository without an image', [repository(7), policy(choosing)]],
    ['has a repository whose image is none', [repository(':'), policy(choosing)]],
  ])('leaves out a policy that %s', (_, objects) => {
    expect(imagesOf(objects, 'shop').policies).toEqual([]);
  });
});
