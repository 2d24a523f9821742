import { matchesGlob } from './glob.ts';
import { parseVersion } from './version.ts';
import { isInRange, parseRange } from './version-range.ts';

/**
 * Whether a filter (tag-filter.ts, with its prefix) may take a tag, as far as that can be told without Go's regular expressions: those may take
 * everything. For who only wants to know whether to look closer; a wrong yes costs one look.
 */
export function mayTake(filter: string, tag: string): boolean {
  const [, kind, pattern = ''] = /^(glob|semver):(.*)$/s.exec(filter) ?? [];
  if (kind === undefined) return true;
  if (kind === 'glob') return matchesGlob(pattern, tag) && (tag.toLowerCase() !== 'latest' || pattern === 'latest');
  const version = parseVersion(tag);
  const range = parseRange(pattern, 'flux1');
  return version !== undefined && (range === undefined || isInRange(version, range));
}
