/** A semantic version. Numbers are digits without leading zeros: go up to 2^64, beyond what a double holds. */
export interface Version {
  readonly major: string;
  readonly minor: string;
  readonly patch: string;
  /** Without the dash; empty for a release. */
  readonly prerelease: string;
}

const extra = '(?:-([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?';
const loose = new RegExp(`^v?(\\d+)(?:\\.(\\d+))?(?:\\.(\\d+))?${extra}$`);
const strict = new RegExp(`^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)${extra}$`);

/**
 * Reads a version as Go's Masterminds/semver NewVersion does (cases/semver_masterminds.json): `1`, `1.2`, `v1.2.3` and leading zeros
 * count. Undefined for what is none.
 */
export function parseVersion(text: string): Version | undefined {
  return readVersion(loose, text);
}

/** As StrictNewVersion: three numbers, no `v`, no leading zeros. */
export function parseStrictVersion(text: string): Version | undefined {
  return readVersion(strict, text);
}

function readVersion(pattern: RegExp, text: string): Version | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [, major = '0', minor = '0', patch = '0', prerelease = ''] = match;
  if (prerelease.split('.').some((part) => /^0\d+$/.test(part))) return undefined;
  const numbers = [major, minor, patch].map(withoutLeadingZeros);
  if (numbers.some((number) => compareNumbers(number, maxUint64) > 0)) return undefined;
  const [x = '0', y = '0', z = '0'] = numbers;
  return { major: x, minor: y, patch: z, prerelease };
}

const maxUint64 = '18446744073709551615';

function withoutLeadingZeros(digits: string): string {
  return digits.length > 1 && digits.startsWith('0') ? digits.replace(/^0+(?=\d)/, '') : digits;
}

/** Negative, zero or positive, as the first is lower, the same or higher (semver.org §11); build metadata does not count. */
export function compareVersions(a: Version, b: Version): number {
  return (
    compareNumbers(a.major, b.major) ||
    compareNumbers(a.minor, b.minor) ||
    compareNumbers(a.patch, b.patch) ||
    comparePrereleases(a.prerelease, b.prerelease)
  );
}

/** Digits without leading zeros. */
export function compareNumbers(a: string, b: string): number {
  return a.length - b.length || compareText(a, b);
}

/** A release is higher than each of its pre-releases. */
export function comparePrereleases(a: string, b: string): number {
  if (a === b) return 0;
  if (a === '') return 1;
  if (b === '') return -1;
  const ours = a.split('.');
  const theirs = b.split('.');
  for (const [index, part] of ours.entries()) {
    const other = theirs[index];
    if (other === undefined) return 1;
    const order = compareIdentifiers(part, other);
    if (order !== 0) return order;
  }
  return ours.length - theirs.length;
}

const digits = /^\d+$/;

function compareIdentifiers(a: string, b: string): number {
  const isNumber = digits.test(a);
  if (isNumber !== digits.test(b)) return isNumber ? -1 : 1;
  return isNumber ? compareNumbers(a, b) : compareText(a, b);
}

/** By code units, which is Go's order of bytes for the ASCII of tags. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
