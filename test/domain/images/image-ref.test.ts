import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  canonicalName,
  canonicalRef,
  formatImageRef,
  isRegistryDomain,
  parseImageRef,
  registryOf,
  repositoryOf,
  sameRepository,
  tryParseImageRef,
} from '../../../lib/domain/images/image-ref.ts';
import { describeShared } from '../../shared.ts';
import { sharedCases } from '../../shared-cases.ts';

it.each([
  ['registry:5000/app:1', 'registry:5000', 'app', '1'],
  ['acme/app:1', undefined, 'acme/app', '1'],
  ['a/b/c:1', 'a', 'b/c', '1'],
  ['app:1.30@sha256:abc', undefined, 'app', '1.30'],
  ['app@sha256:abc', undefined, 'app', undefined],
])('%s has the domain %s, the path %s and the tag %s', (text, domain, path, tag) => {
  const { domain: foundDomain, path: foundPath, tag: foundTag } = parseImageRef(text);
  expect([foundDomain, foundPath, foundTag]).toEqual([domain, path, tag]);
  expect(formatImageRef(parseImageRef(text))).toBe(text);
});

it.each(['', '/a', 'a/', ':1', 'a:', 'a:1:2', 'a@sha256:', '@sha256:abc', 'x'.repeat(1001)])(
  '%j is no reference, and the message says what is wrong with it',
  (text) => {
    expect(() => parseImageRef(text)).toThrow(/^Cannot read the image "[^"]*": it /);
    expect(tryParseImageRef(text)).toBeUndefined();
  },
);

it('every way to write an image of Docker Hub is one repository', () => {
  const names = [
    'alpine',
    'library/alpine',
    'docker.io/alpine',
    'index.docker.io/library/alpine',
    'docker.io/library/alpine:3',
  ];
  for (const name of names) expect(canonicalName(parseImageRef(name))).toBe('index.docker.io/library/alpine');
  expect(sameRepository(parseImageRef('alpine:1'), parseImageRef('quay.io/library/alpine:1'))).toBe(false);
});

it('what was read is written as it was', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9._-]{0,8}[a-z0-9]$/);
  const tag = fc.option(fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,20}$/), { nil: undefined });
  const digest = fc.option(fc.stringMatching(/^sha256:[0-9a-f]{64}$/), { nil: undefined });
  const parts = fc.record({ names: fc.array(name, { minLength: 1, maxLength: 4 }), tag, digest });
  fc.assert(
    fc.property(parts, ({ names, ...rest }) => {
      const text = `${names.join('/')}${rest.tag === undefined ? '' : `:${rest.tag}`}${rest.digest === undefined ? '' : `@${rest.digest}`}`;
      const ref = parseImageRef(text);
      expect(formatImageRef(ref)).toBe(text);
      expect({ tag: ref.tag, digest: ref.digest }).toEqual(rest);
      expect(canonicalName(parseImageRef(canonicalName(ref)))).toBe(canonicalName(ref));
    }),
  );
});

interface Parts {
  readonly string: string;
  readonly registry: string;
  readonly repository: string;
}

describeShared('image_ref_parsing.json', (directory) => {
  const rows = sharedCases(directory, 'image_ref_parsing');

  it.each(rows<{ ref: string }, Parts & { canonical: string }>('parse'))('%s', (_, { input, expect: expected }) => {
    const ref = parseImageRef(input.ref);
    expect({
      string: formatImageRef(ref),
      registry: registryOf(ref),
      repository: repositoryOf(ref),
      canonical: canonicalRef(ref),
    }).toEqual(expected);
  });

  it.each(rows<{ ref: string }, unknown>('parse_error'))('%s', (_, { input }) => {
    expect(() => parseImageRef(input.ref)).toThrow(/^Cannot read the image/);
  });

  it.each(rows<{ domain: string }, { matches: boolean }>('domain_regexp'))(
    '%s',
    (_, { input, expect: { matches } }) => {
      expect(isRegistryDomain(input.domain)).toBe(matches);
    },
  );

  it.each(rows<{ ref: string }, Record<string, string>>('components'))('%s', (_, { input, expect: expected }) => {
    const ref = parseImageRef(input.ref);
    const { domain = '', path, tag = '' } = ref;
    expect({ domain, image: path, tag, string: formatImageRef(ref) }).toEqual(expected);
  });

  it.each(rows<{ domain: string; image: string; tag: string }, { json: string }>('serialise'))(
    '%s',
    (_, { input: { domain, image, tag }, expect: { json } }) => {
      const ref = { ...(domain !== '' && { domain }), path: image, ...(tag !== '' && { tag }) };
      expect(formatImageRef(ref)).toBe(json);
      expect(parseImageRef(json)).toEqual(ref);
    },
  );

  it.each(rows<{ ref: string }, Parts & { identifier: string; name: string }>('flux2_ref'))(
    '%s',
    (_, { input, expect: expected }) => {
      const ref = parseImageRef(input.ref);
      const { digest, tag = '' } = ref;
      expect({
        string: formatImageRef(ref),
        identifier: digest ?? tag,
        repository: repositoryOf(ref),
        registry: registryOf(ref),
        name: digest === undefined ? canonicalRef(ref) : `${canonicalName(ref)}@${digest}`,
      }).toEqual(expected);
    },
  );
});
