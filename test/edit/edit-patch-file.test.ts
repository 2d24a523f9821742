import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseImageRef } from '../../lib/domain/images/image-ref.ts';
import type { KubeObject } from '../../lib/domain/objects/kube-object.ts';
import { editPatchFile } from '../../lib/edit/edit-patch-file.ts';

const deployment: KubeObject = parse(`
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {fluxcd.io/automated: "true"}}
spec: {template: {spec: {containers: [{name: app, image: "acme/app:1.0"}, {name: side, image: "busybox:1"}]}}}
`);
const release: KubeObject = parse(`
apiVersion: helm.fluxcd.io/v1
kind: HelmRelease
metadata: {name: shop, namespace: shop}
spec: {values: {image: {repository: acme/app, tag: v1}}}
`);

function edit(
  text: string,
  object: KubeObject,
  images: Record<string, string>,
  annotations: Record<string, string | undefined> = {},
): string {
  const refs = new Map(Object.entries(images).map(([container, image]) => [container, parseImageRef(image)]));
  return editPatchFile(text, 'flux-patch.yaml', object, {
    images: refs,
    annotations: new Map(Object.entries(annotations)),
  });
}

const other = '---\n# of another\napiVersion: v1\nkind: ConfigMap\nmetadata:\n    name: x\ndata: {a:   b}\n';
const patch = `---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web # it
spec:
  template:
    spec:
      $setElementOrder/containers:
      - name: app
      - name: side
      containers:
      - image: acme/app:1.1 # now
        name: app
`;

it('a value that the patch has is changed in place', () => {
  expect(edit(other + patch, deployment, { app: 'acme/app:1.30' })).toBe(other + patch.replace('1.1', '1.30'));
});

it('a first patch is made with what tells the object, and the change', () => {
  const text = edit('', deployment, { app: 'acme/app:2' }, { 'fluxcd.io/locked': 'true' });
  expect(parse(text)).toEqual({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', annotations: { 'fluxcd.io/locked': 'true' } },
    spec: { template: { spec: { containers: [{ name: 'app', image: 'acme/app:2' }] } } },
  });
  expect(edit(text, deployment, { app: 'acme/app:3' })).toBe(text.replace('acme/app:2', 'acme/app:3'));
});

it('a patch that says nothing of the container gets it, its comments stay, and other patches are not touched', () => {
  const text = edit(patch + other, deployment, { side: 'busybox:2' });
  expect(text.endsWith(other)).toBe(true);
  expect(text).toContain('# it');
  expect(text).toContain('acme/app:1.1 # now');
  expect(text).toMatch(/name: side\n\s+image: busybox:2\n/);
});

it('an annotation of the generated object is removed by a null', () => {
  const text = edit('', deployment, {}, { 'fluxcd.io/automated': undefined });
  expect(parse(text).metadata.annotations).toEqual({ 'fluxcd.io/automated': null });
  const back = edit(text, deployment, {}, { 'fluxcd.io/automated': 'true' });
  expect(parse(back).metadata.annotations).toEqual({ 'fluxcd.io/automated': 'true' });
});

it('the values of a HelmRelease are merged as JSON', () => {
  const text = edit('', release, { 'chart-image': 'acme/app:1.30' });
  expect(parse(text)).toMatchObject({
    metadata: { name: 'shop', namespace: 'shop' },
    spec: { values: { image: { repository: 'acme/app', tag: '1.30' } } },
  });
  expect(text).toContain("'1.30'");
});

it('a container that is not there is missing', () => {
  expect(() => edit(patch, deployment, { none: 'a:1' })).toThrow('"<cluster>:deployment/web" has no container "none"');
});
