import * as z from 'zod/mini';
import { Failure } from '../failure.ts';
import { compileGoRegexp } from './go-regexp.ts';
import { compareText, compareVersions, parseStrictVersion, type Version } from './version.ts';
import { isInRange, parseRange } from './version-range.ts';

/** Flux v2's ImagePolicy (image.toolkit.fluxcd.io), as far as it chooses a tag; the fields that are used. */

const order = z._default(z.enum(['asc', 'desc', 'ASC', 'DESC', '']), 'asc');

const Choice = z.object({
  semver: z.optional(z.object({ range: z.string() })),
  alphabetical: z.optional(z.object({ order })),
  numerical: z.optional(z.object({ order })),
});

export type ImagePolicySpec = z.infer<typeof ImagePolicySpec>;
export const ImagePolicySpec = z.object({
  imageRepositoryRef: z.object({ name: z.string(), namespace: z.optional(z.string()) }),
  policy: Choice,
  filterTags: z.nullish(z.object({ pattern: z._default(z.string(), ''), extract: z._default(z.string(), '') })),
  digestReflectionPolicy: z._default(z.enum(['Always', 'IfNotPresent', 'Never']), 'Never'),
  suspend: z._default(z.boolean(), false),
});

/** The choosing part of the spec: `policy` and `filterTags`. */
export type TagChoice = Pick<ImagePolicySpec, 'policy' | 'filterTags'>;

/** The part of an unchecked spec that chooses. Throws a `user` Failure for one that Flux v2 refuses. */
export function parseTagChoice(spec: unknown): TagChoice {
  const parsed = z.safeParse(z.pick(ImagePolicySpec, { policy: true, filterTags: true }), spec);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw unusable(`${issue?.path.join('.') || 'spec'}: ${issue?.message}`);
  }
  const { policy, filterTags } = parsed.data;
  chooserOf(policy);
  if (filterTags) extractTags(filterTags, []);
  return parsed.data;
}

/**
 * The tag that the policy takes of these: filtered, what the filter extracts compared, and the original tag given back. Throws a `user`
 * Failure for an unusable policy, and a `missing` one where no tag is left.
 */
export function chooseTag({ policy, filterTags }: TagChoice, tags: readonly string[]): string {
  const choose = chooserOf(policy);
  const originals = filterTags ? extractTags(filterTags, tags) : new Map(tags.map((tag) => [tag, tag]));
  const values = [...originals.keys()];
  const chosen = values.length === 0 ? undefined : originals.get(choose(values) ?? '');
  if (chosen !== undefined) return chosen;
  throw new Failure('missing', `Cannot choose a tag: the policy takes none of ${tags.length} tags`, {
    help: 'Compare policy and filterTags of the ImagePolicy with the tags of the repository',
  });
}

/** What the filter makes of each tag that it takes; of tags that become the same value the last one counts. */
export function extractTags(
  { pattern, extract }: { readonly pattern: string; readonly extract: string },
  tags: readonly string[],
): ReadonlyMap<string, string> {
  const regexp = compileGoRegexp(pattern);
  if (regexp === undefined) throw unusable(`filterTags.pattern "${pattern}" is no regular expression of Go`);
  const originals = new Map<string, string>();
  const extracted = extract === '' ? (tag: string) => (regexp.test(tag) ? tag : undefined) : regexp.expander(extract);
  for (const tag of tags) {
    const value = extracted(tag);
    if (value !== undefined) originals.set(value, tag);
  }
  return originals;
}

type Chooser = (values: readonly string[]) => string | undefined;

function chooserOf({ semver, alphabetical, numerical }: ImagePolicySpec['policy']): Chooser {
  if (semver) return highestVersion(semver.range);
  if (alphabetical) return extreme(alphabetical.order, compareText);
  if (numerical) return extremeNumber(numerical.order);
  throw unusable('policy names none of semver, alphabetical and numerical');
}

/** Tags that are no strict versions do not count; a leading `v` is allowed. Of equal versions the first one. */
function highestVersion(text: string): Chooser {
  const range = parseRange(text, 'flux2');
  if (range === undefined) throw unusable(`semver.range "${text}" is no version range`);
  return (values) => {
    let highest: { readonly tag: string; readonly version: Version } | undefined;
    for (const tag of values) {
      const version = parseStrictVersion(tag.replace(/^v/, ''));
      if (version === undefined || !isInRange(version, range)) continue;
      if (highest === undefined || compareVersions(version, highest.version) > 0) highest = { tag, version };
    }
    return highest?.tag;
  };
}

/** The last value of the order; of equal ones the last of the list. */
function extreme(order: string, compare: (a: string, b: string) => number): Chooser {
  const sign = order.toLowerCase() === 'desc' ? -1 : 1;
  return (values) => values.reduce((best, value) => (sign * compare(value, best) >= 0 ? value : best), values[0] ?? '');
}

/** Every value has to be a number as Go's ParseFloat reads them, but for its hexadecimal, infinite and underscored forms. */
function extremeNumber(order: string): Chooser {
  const choose = extreme(order, (a, b) => Number(a) - Number(b));
  return (values) => {
    const other = values.find((value) => !decimal.test(value));
    if (other !== undefined) throw unusable(`numerical: "${other}" is no number`);
    return choose(values);
  };
}

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function unusable(state: string): Failure {
  return new Failure('user', `Cannot use the ImagePolicy: ${state}`);
}
