import { matchesGlob } from './glob.ts';
import { compileGoRegexp } from './go-regexp.ts';
import { parseVersion } from './version.ts';
import { isInRange, parseRange } from './version-range.ts';

/**
 * Which tags of an image a container may get, and what "newest" means among them: the value of an annotation `fluxcd.io/tag.<container>`
 * (facts/flux-v1.md §2.2).
 */
export interface TagFilter {
  /** With its prefix, `glob:*`; `regex:` is written `regexp:`. */
  readonly text: string;
  /** False for a range or expression that cannot be read. Found in a file it takes everything; nobody may write one. */
  readonly valid: boolean;
  /** Newest is the highest version, or what was created last. */
  readonly order: 'version' | 'created';
  /** Whether a tag passes. `latest`, in any case, passes only where the filter is exactly `glob:latest`. */
  takes(tag: string): boolean;
}

/** What holds for a container without a filter. */
export const everyTag = parseTagFilter('glob:*');

/** Reads `glob:…`, `semver:…`, `regexp:…` or `regex:…`; without a prefix it is a glob. Never fails. */
export function parseTagFilter(text: string): TagFilter {
  const [, kind = 'glob', pattern = ''] = /^(?:(glob|semver|regexp|regex):)?(.*)$/s.exec(text) ?? [];
  if (kind === 'semver') return semverFilter(pattern);
  return kind === 'glob' ? globFilter(pattern) : regexpFilter(pattern);
}

function globFilter(pattern: string): TagFilter {
  const wantsLatest = pattern === 'latest';
  return {
    text: `glob:${pattern}`,
    valid: true,
    order: 'created',
    takes: (tag) => (wantsLatest || !isLatest(tag)) && matchesGlob(pattern, tag),
  };
}

function semverFilter(pattern: string): TagFilter {
  const range = parseRange(pattern, 'flux1');
  return {
    text: `semver:${pattern}`,
    valid: range !== undefined,
    order: 'version',
    takes(tag) {
      const version = parseVersion(tag);
      return version !== undefined && (range === undefined || isInRange(version, range));
    },
  };
}

function regexpFilter(pattern: string): TagFilter {
  const regexp = compileGoRegexp(pattern);
  return {
    text: `regexp:${pattern}`,
    valid: regexp !== undefined,
    order: 'created',
    takes: (tag) => !isLatest(tag) && (regexp === undefined || regexp.test(tag)),
  };
}

function isLatest(tag: string): boolean {
  return tag.length === 6 && tag.toLowerCase() === 'latest';
}
