import { expect, it } from 'vitest';
import { imageChanges, splitReference } from '../../lib/webhooks/image-changes.ts';

const digest = `sha256:${'0'.repeat(64)}`;

it.each([
  ['registry.acme.io:5000/shop:1.2', 'registry.acme.io:5000/shop', '1.2', undefined],
  ['registry.acme.io:5000/shop', 'registry.acme.io:5000/shop', undefined, undefined],
  [`registry.acme.io/shop@${digest}`, 'registry.acme.io/shop', undefined, digest],
  [`registry.acme.io/shop:1.2@${digest}`, 'registry.acme.io/shop', '1.2', digest],
  ['ghcr.io/acme/shop:', 'ghcr.io/acme/shop', '', undefined],
  ['nginx:1', 'nginx', '1', undefined],
  ['', '', undefined, undefined],
])('%s is parted', (reference, image, tag, found) => {
  expect(splitReference(reference)).toEqual({ image, tag, digest: found });
});

it.each([
  [
    { image: 'nginx', tag: '1', digest },
    { image: 'docker.io/library/nginx', tag: '1', digest },
  ],
  [
    { image: 'Acme.io/Shop', tag: 'V1' },
    { image: 'acme.io/shop', tag: 'V1' },
  ],
  [
    { image: 'nginx', tag: '1', digest: 'sha256:00' },
    { image: 'docker.io/library/nginx', tag: '1' },
  ],
  [
    { image: 'nginx', tag: '1', digest: null },
    { image: 'docker.io/library/nginx', tag: '1' },
  ],
  [{ image: 'nginx', digest }, undefined],
  [{ image: 'nginx', tag: '' }, undefined],
  [{ image: 'nginx', tag: null }, undefined],
  [{ image: 'nginx', tag: digest }, undefined],
  [{ image: 'nginx', tag: 'a b' }, undefined],
  [{ image: 'nginx', tag: '.1' }, undefined],
  [{ image: '', tag: '1' }, undefined],
  [{ image: 'acme.io/', tag: '1' }, undefined],
  [{ image: 'acme.io/shop:1', tag: '1' }, undefined],
])('a push of %j becomes %j', (pushed, expected) => {
  expect(imageChanges(pushed)).toEqual(expected === undefined ? [] : [{ kind: 'image', ...expected }]);
});
