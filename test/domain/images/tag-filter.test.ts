import fc from 'fast-check';
import { expect, it } from 'vitest';
import { containerImages } from '../../../lib/domain/images/container-images.ts';
import { type ImageInfo, labelTimes, parseTime } from '../../../lib/domain/images/image-info.ts';
import { formatImageRef, parseImageRef, sameRepository } from '../../../lib/domain/images/image-ref.ts';
import { filterImages, sortImages } from '../../../lib/domain/images/sort-images.ts';
import { parseTagFilter } from '../../../lib/domain/images/tag-filter.ts';
import { describeShared } from '../../shared.ts';
import { sharedCases } from '../../shared-cases.ts';

it.each([
  ['glob:*', 'latest', false],
  ['glob:*', 'LATEST', false],
  ['*est', 'latest', false],
  ['latest', 'latest', true],
  ['glob:latest', 'latest', true],
  ['regexp:^latest$', 'latest', false],
  ['regexp:aster', 'master-1', true],
  ['regexp:[', 'anything', true],
  ['regexp:(?=a)', 'anything', true],
  ['semver:no range', '1.2.3', true],
  ['semver:no range', 'master', false],
  ['semver:>=1.0', '1.1.0-rc.1', false],
])('the filter %j takes %j: %s', (text, tag, expected) => {
  expect(parseTagFilter(text).takes(tag)).toBe(expected);
});

it('a filter that cannot be read is not valid, and is still known by its text', () => {
  expect(parseTagFilter('semver:no range')).toMatchObject({ valid: false, text: 'semver:no range' });
  expect(parseTagFilter('regex:[')).toMatchObject({ valid: false, text: 'regexp:[' });
  expect(parseTagFilter('master-*')).toMatchObject({ valid: true, text: 'glob:master-*', order: 'created' });
});

it('a label whose form is right and whose day does not exist is neither a time nor malformed', () => {
  const labels = { 'org.opencontainers.image.created': '2017-13-13T16:22:58Z', 'org.label-schema.build-date': 'today' };
  expect(labelTimes(labels)).toEqual({ malformed: ['org.label-schema.build-date'] });
});

it('every image is newer than one that is older than all', () => {
  const images = ['1', '2'].map((tag, index): ImageInfo => ({ tag, created: index + 1 }));
  const current = { tag: '0', created: 0 };
  expect(containerImages('app', current, images, parseTagFilter('*'))).toMatchObject({ newer: 2, newerFiltered: 2 });
});

it('an expression that other engines try for ever is answered at once', () => {
  const filter = parseTagFilter('regexp:^(a+)+$');
  const begin = performance.now();
  expect(filter.takes(`${'a'.repeat(127)}b`)).toBe(false);
  expect(performance.now() - begin).toBeLessThan(100);
});

it('the order of images does not depend on the order in which they come', () => {
  const tag = fc.constantFrom('1', '1.0', '1.0.0', 'v1', '1.10', '1.9', 'master-a', 'master-b', 'latest');
  const image = fc
    .record({ tag, created: fc.option(fc.nat(3), { nil: undefined }) })
    .map(({ tag, created }): ImageInfo => ({ tag, ...(created !== undefined && { created }) }));
  const images = fc.uniqueArray(image, { selector: (one) => one.tag });
  fc.assert(
    fc.property(images, fc.constantFrom('version', 'created' as const), (all, order) => {
      const sorted = sortImages(all, order);
      expect(sortImages([...all].reverse(), order)).toEqual(sorted);
      expect(sortImages(sorted, order)).toEqual(sorted);
    }),
  );
});

it('a tag whose manifest is not known blocks only where it passes the filter', () => {
  const repository = { tags: ['1.0.0', 'broken'], images: new Map([['1.0.0', { tag: '1.0.0' }]]) };
  expect(filterImages(repository, parseTagFilter('semver:*'))).toEqual({ images: [{ tag: '1.0.0' }] });
  expect(filterImages(repository, parseTagFilter('glob:*'))).toEqual({ unknown: 'broken' });
});

it.each([
  ['2017-01-13T16:22:58.009923189Z', Date.parse('2017-01-13T16:22:58Z') + 9.923189],
  ['2017-01-13T16:22:58+01:00', Date.parse('2017-01-13T15:22:58Z')],
  ['0001-01-01T00:00:00Z', undefined],
  ['2017-01-13', undefined],
  ['2017-13-13T16:22:58Z', undefined],
])('the time %s is %s', (text, expected) => {
  const time = parseTime(text);
  if (expected === undefined) expect(time).toBeUndefined();
  else expect(time).toBeCloseTo(expected, 3);
});

interface CaseImage {
  readonly image?: string;
  readonly imageID?: string;
  readonly tag?: string;
  readonly createdAt?: string | null;
  readonly createdOffset?: number | null;
}

function info({ tag = '', imageID, createdAt, createdOffset }: CaseImage): ImageInfo {
  const created = createdAt
    ? parseTime(createdAt)
    : typeof createdOffset === 'number'
      ? createdOffset * 1000
      : undefined;
  return { tag, ...(created !== undefined && { created }), ...(imageID !== undefined && { imageId: imageID }) };
}

function show({ tag, imageId }: ImageInfo): CaseImage {
  return { ...(tag !== '' && { tag }), ...(imageId !== undefined && { imageID: imageId }) };
}

describeShared('tag_policies_flux1.json', (directory) => {
  const rows = sharedCases(directory, 'tag_policies_flux1');

  it.each(rows<{ pattern: string; tag: string }, { matches: boolean }>('match'))(
    '%s',
    (_, { input, expect: { matches } }) => {
      expect(parseTagFilter(input.pattern).takes(input.tag)).toBe(matches);
    },
  );

  it.each(rows<{ order: string; images: CaseImage[] }, { tags: string[] }>('sort'))(
    '%s',
    (_, { input, expect: { tags } }) => {
      const images = input.images.map(info);
      const order = input.order === 'semver' ? 'version' : 'created';
      for (const given of [images, [...images].reverse()]) {
        expect(sortImages(given, order).map(({ tag }) => tag)).toEqual(tags);
      }
    },
  );

  interface Filtering {
    readonly pattern: string;
    readonly images: readonly { readonly image: string; readonly tag: string }[];
  }

  it.each(rows<Filtering, { images: string[] }>('filter'))('%s', (_, { input, expect: { images } }) => {
    const filter = parseTagFilter(input.pattern);
    const taken = input.images.filter(({ tag }) => filter.takes(tag));
    expect(taken.map(({ image, tag }) => `${image}:${tag}`)).toEqual(images);
  });

  it.each(rows<Filtering, { images: string[] }>('filter_sort'))('%s', (_, { input, expect: { images } }) => {
    const filter = parseTagFilter(input.pattern);
    const taken = sortImages(
      input.images.map(info).filter(({ tag }) => filter.takes(tag)),
      filter.order,
    );
    const nameOf = new Map(input.images.map(({ tag, image }) => [tag, image]));
    expect(taken.map(({ tag }) => `${nameOf.get(tag)}:${tag}`)).toEqual(images);
  });

  interface Metadata {
    readonly repository: string;
    readonly images: readonly CaseImage[];
    readonly tags: readonly string[];
    readonly pattern: string;
    readonly ask: string;
  }

  it.each(rows<Metadata, { error?: true; tags?: string[]; images?: string[] }>('metadata'))(
    '%s',
    (_, { input, expect: expected }) => {
      const asked = parseImageRef(input.ask);
      const known = sameRepository(asked, parseImageRef(input.repository));
      const images = new Map(input.images.map((image) => [image.tag ?? '', info(image)]));
      const found = filterImages(
        known ? { tags: input.tags, images } : { tags: [], images: new Map() },
        parseTagFilter(input.pattern),
      );
      if (expected.error) return expect(found).toHaveProperty('unknown');
      if (!('images' in found)) throw new Error(`${found.unknown} is not known`);
      const tags = found.images.map(({ tag }) => tag);
      if (expected.tags) expect(tags).toEqual(expected.tags);
      if (expected.images) expect(tags.map((tag) => formatImageRef({ ...asked, tag }))).toEqual(expected.images);
      return expect(expected.tags ?? expected.images).toBeDefined();
    },
  );

  interface Viewing {
    readonly name: string;
    readonly images: readonly CaseImage[] | null;
    readonly current: CaseImage;
    readonly pattern: string;
    readonly fields: readonly string[] | null;
  }

  it.each(rows<Viewing, Record<string, unknown> & { error?: boolean }>('container_view'))(
    '%s',
    (_, { input, expect: expected }) => {
      const images = (input.images ?? []).map(info);
      const view = containerImages(input.name, info(input.current), images, parseTagFilter(input.pattern));
      const [latest] = view.filtered;
      const shown: Readonly<Record<string, unknown>> = {
        Name: view.name,
        Current: show(view.current),
        LatestFiltered: latest && show(latest),
        Available: view.available.map(show),
        AvailableImagesCount: view.available.length,
        NewAvailableImagesCount: view.newer,
        FilteredImagesCount: view.filtered.length,
        NewFilteredImagesCount: view.newerFiltered,
      };
      // A field that is not known is refused where fields are chosen, which is the API's affair.
      if (expected.error) return expect(input.fields?.every((field) => field in shown)).toBe(false);
      return expect(shown).toMatchObject(expected);
    },
  );
});

describeShared('image_ref_parsing.json', (directory) => {
  interface Labels {
    readonly labels: Readonly<Record<string, string>>;
  }

  it.each(sharedCases(directory, 'image_ref_parsing')<Labels, { timestampFormatErrors: number }>('labels'))(
    '%s',
    (_, { input: { labels }, expect: expected }) => {
      const times = labelTimes(labels);
      expect(times.malformed).toHaveLength(expected.timestampFormatErrors ?? 0);
      const [written] = ['org.opencontainers.image.created', 'org.label-schema.build-date']
        .map((label) => labels[label])
        .filter((text) => text !== undefined && parseTime(text) !== undefined);
      expect(times.created).toBe(written === undefined ? undefined : parseTime(written));
    },
  );
});
