import fc from 'fast-check';
import { expect, it } from 'vitest';
import { imageName } from '../../../lib/domain/images/image-name.ts';

it.each([
  ['nginx', 'docker.io/library/nginx'],
  ['library/nginx', 'docker.io/library/nginx'],
  ['acme/shop', 'docker.io/acme/shop'],
  ['docker.io/nginx', 'docker.io/library/nginx'],
  ['index.docker.io/nginx', 'docker.io/library/nginx'],
  ['registry-1.docker.io/library/nginx', 'docker.io/library/nginx'],
  ['registry.hub.docker.com/acme/shop', 'docker.io/acme/shop'],
  ['quay.io/nginx', 'quay.io/nginx'],
  ['ghcr.io/Acme/Shop', 'ghcr.io/acme/shop'],
  ['localhost/shop', 'localhost/shop'],
  ['localhost:5000/a/b/c', 'localhost:5000/a/b/c'],
  ['[::1]:5000/shop', '[::1]:5000/shop'],
  ['registry.acme.io:5000/shop__web/a.b-c--d', 'registry.acme.io:5000/shop__web/a.b-c--d'],
  ['us-east1-docker.pkg.dev/project/repo/web', 'us-east1-docker.pkg.dev/project/repo/web'],
  ['docker.io', 'docker.io/library/docker.io'],
  ['', undefined],
  ['/shop', undefined],
  ['acme/', undefined],
  ['acme//shop', undefined],
  ['acme/-shop', undefined],
  ['acme/shop_', undefined],
  ['acme/a___b', undefined],
  ['acme/shop:1.0', undefined],
  ['acme/shop@sha256:00', undefined],
  ['https://quay.io/acme/shop', undefined],
  ['acme.io:port/shop', undefined],
  ['acme.io/sh op', undefined],
  ['acme.io/shop\n', undefined],
  ['acme..io/shop', undefined],
  [`acme.io/${'a'.repeat(248)}`, undefined],
])('of %j the canonical name is %j', (text, expected) => {
  expect(imageName(text)).toBe(expected);
});

it('a canonical name is its own canonical name, whatever was given', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[a-z.:]{1,12}(\/[a-zA-Z0-9._-]{1,8}){0,3}$/));
  fc.assert(
    fc.property(text, (given) => {
      const name = imageName(given);
      if (name !== undefined) expect(imageName(name)).toBe(name);
    }),
    { numRuns: 2_000 },
  );
});

it('a name of a million characters is refused at once', { timeout: 5_000 }, () => {
  expect(imageName('a-'.repeat(500_000))).toBeUndefined();
  expect(imageName(`a.${'b-'.repeat(500_000)}/c`)).toBeUndefined();
});
