import { chooseTag, parseTagChoice } from '../../lib/domain/images/image-policy.ts';
import { filterImages } from '../../lib/domain/images/sort-images.ts';
import { parseTagFilter } from '../../lib/domain/images/tag-filter.ts';
import type { Measurement, Row } from './row.ts';

const rounds = 15;
const count = 10_000;

/** Versions, builds of a branch and what else gathers in a repository. */
const images = Array.from({ length: count }, (_, index) => ({
  tag: index % 2 === 0 ? `${index % 7}.${index % 113}.${index}` : `main-${(index * 7919).toString(16)}-${index}`,
  created: (index * 7919) % 1_000_003,
}));
const tags = images.map(({ tag }) => tag);
const repository = { tags, images: new Map(images.map((image) => [image.tag, image])) };

/** Which of the tags of a long repository a policy takes. */
export const imageChoice: Row = {
  about: `policy choice over ${count} tags; the goal is < 20 ms`,
  async run() {
    const flux2 = parseTagChoice({
      filterTags: { pattern: '^main-[0-9a-f]+-(?P<build>[0-9]+)$', extract: '$build' },
      policy: { numerical: { order: 'asc' } },
    });
    const range = parseTagChoice({ policy: { semver: { range: '>=1.0.0 <6.0.0' } } });
    return [
      measure('semver:~3', () => filterImages(repository, parseTagFilter('semver:~3'))),
      measure('glob:main-*', () => filterImages(repository, parseTagFilter('glob:main-*'))),
      measure('regexp:^main-[0-9a-f]+-[0-9]+$', () =>
        filterImages(repository, parseTagFilter('regexp:^main-[0-9a-f]+-[0-9]+$')),
      ),
      measure('an ImagePolicy that extracts numbers', () => chooseTag(flux2, tags)),
      measure('an ImagePolicy with a range', () => chooseTag(range, tags)),
    ];
  },
};

function measure(what: string, choose: () => unknown): Measurement {
  const ours: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const begin = performance.now();
    choose();
    ours.push(performance.now() - begin);
  }
  return { what: `choice of ${count} tags: ${what}`, link: 'none', ours, below: 20 };
}
