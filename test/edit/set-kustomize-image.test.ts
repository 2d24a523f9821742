import { expect, it } from 'vitest';
import { parseImageRef } from '../../lib/domain/images/image-ref.ts';
import { setKustomizeImage } from '../../lib/edit/set-kustomize-image.ts';
import { imagesInValues, setValuesImage } from '../../lib/edit/set-values-image.ts';

const digest = `sha256:${'b'.repeat(64)}`;

it.each([
  ['a tag', '- name: acme/app\n  newTag: v1 # now\n', 'acme/app:1.30', "- name: acme/app\n  newTag: '1.30' # now\n"],
  [
    'a tag that was a number',
    '- name: acme/app\n  newTag: 1.2\n',
    'acme/app:1.30',
    "- name: acme/app\n  newTag: '1.30'\n",
  ],
  [
    'a name that is given',
    '- name: app\n  newName: quay.io/acme/app\n  newTag: v1\n',
    'quay.io/acme/app:v2',
    '- name: app\n  newName: quay.io/acme/app\n  newTag: v2\n',
  ],
  [
    'a digest',
    `- name: acme/app\n  digest: sha256:aa\n`,
    `acme/app:1@${digest}`,
    `- name: acme/app\n  digest: ${digest}\n`,
  ],
  [
    'both',
    `- {name: acme/app, newTag: v1, digest: "sha256:aa"}\n`,
    `acme/app:v2@${digest}`,
    `- {name: acme/app, newTag: v2, digest: "${digest}"}\n`,
  ],
])('a kustomization that sets %s gets the new one', (_, images, image, expected) => {
  const file = (entries: string) => `kind: Kustomization\nresources: [web.yaml]\nimages:\n${entries}`;
  expect(setKustomizeImage(file(images), 'kustomization.yaml', parseImageRef(image))).toBe(file(expected));
});

it.each([
  ['no images', 'resources: [a.yaml]\n'],
  ['another image', 'images:\n- {name: other, newTag: v1}\n'],
  ['only a name', 'images:\n- {name: acme/app, newName: quay.io/acme/app}\n'],
  ['a name that goes away', 'images:\n- {name: acme/app, newName: quay.io/acme/app, newTag: v1}\n'],
])('a kustomization with %s does not set the version', (_, text) => {
  expect(setKustomizeImage(text, 'kustomization.yaml', parseImageRef('acme/app:v2'))).toBeUndefined();
});

it('a digest that is not known is not left to point at the old image', () => {
  const act = () => setKustomizeImage('images: [{name: a, digest: "sha256:aa"}]', 'k.yaml', parseImageRef('a:2'));
  expect(act).toThrow('Cannot edit "k.yaml": images pins a digest, and that of the new image is not known');
});

it('values of a chart hold images as those of a HelmRelease do', () => {
  const text =
    '# Default values\nimage:\n  repository: nginx # the web\n  tag: 1.11.0\nsidecar:\n  image: "busybox:1"\n';
  expect(imagesInValues(text, 'values.yaml').map(({ name }) => name)).toEqual(['chart-image', 'sidecar']);
  expect(setValuesImage(text, 'values.yaml', 'chart-image', parseImageRef('nginx:1.30'))).toBe(
    text.replace('1.11.0', "'1.30'"),
  );
  expect(setValuesImage(text, 'values.yaml', 'sidecar', parseImageRef('busybox:2'))).toBe(
    text.replace('busybox:1', 'busybox:2'),
  );
  expect(() => setValuesImage(text, 'values.yaml', 'db', parseImageRef('a:1'))).toThrow(
    'there is no image named "db" in the values',
  );
});
