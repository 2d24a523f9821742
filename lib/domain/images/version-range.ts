import { compareNumbers, comparePrereleases, compareVersions, parseVersion, type Version } from './version.ts';

/**
 * Version ranges by the rules of Go's Masterminds/semver, which are not those of npm (cases/semver_masterminds.json; node-semver differs
 * in a fifth of them). Flux v1 has its release 3.1.1, the image reflector of Flux v2 its 3.5; where the two differ the range says whose it is.
 */
export interface VersionRange {
  readonly rules: RangeRules;
  /** One of the groups has to hold; in a group everything. */
  readonly groups: readonly Group[];
}

/**
 * `flux1`: a condition that names no pre-release is met by none. `flux2`: pre-releases are in a group as soon as one condition of it names
 * one; `*-0` means them too; `^0.0.1` is only 0.0.1.
 */
export type RangeRules = 'flux1' | 'flux2';

interface Group {
  readonly conditions: readonly Condition[];
  readonly namesPrerelease: boolean;
}

interface Condition {
  readonly operator: Operator;
  readonly version: Version;
  /** How many of the three numbers were given: `2` of `1.4` and `1.4.x`. */
  readonly given: 0 | 1 | 2 | 3;
}

type Operator = '=' | '!=' | '>' | '<' | '>=' | '<=' | '~' | '^';

const operators: Readonly<Record<string, Operator>> = {
  '': '=',
  '=': '=',
  '!=': '!=',
  '>': '>',
  '<': '<',
  '>=': '>=',
  '=>': '>=',
  '<=': '<=',
  '=<': '<=',
  '~': '~',
  '~>': '~',
  '^': '^',
};

const number = '[0-9xX*]+';
const identifiers = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const version = `v?${number}(?:\\.${number})?(?:\\.${number})?(?:-${identifiers})?(?:\\+${identifiers})?`;
const span = new RegExp(`\\s*(${version})\\s+-\\s+(${version})\\s*`, 'g');
// The longer operators first: of alternatives the first that matches is taken.
const next = new RegExp(`\\s*(!=|>=|=>|<=|=<|~>|=|>|<|~|\\^|)\\s*(${version})(\\s*)(,?)\\s*`, 'y');
const fields = new RegExp(`^v?(${number})(?:\\.(${number}))?(?:\\.(${number}))?(?:-(${identifiers}))?`);

/** Longer ranges are refused before they are matched. */
const maxLength = 500;

/** Undefined for a range that Masterminds refuses. */
export function parseRange(text: string, rules: RangeRules): VersionRange | undefined {
  if (text.length > maxLength) return undefined;
  const groups: Group[] = [];
  for (const part of text.replace(span, '>= $1, <= $2 ').split('||')) {
    const conditions = parseGroup(part, rules);
    if (conditions === undefined) return undefined;
    groups.push({ conditions, namesPrerelease: conditions.some((condition) => condition.version.prerelease !== '') });
  }
  return { rules, groups };
}

/** Read piece by piece, not by one expression that could try again and again. */
function parseGroup(text: string, rules: RangeRules): readonly Condition[] | undefined {
  const conditions: Condition[] = [];
  next.lastIndex = 0;
  do {
    const match = next.exec(text);
    if (match === null) return undefined;
    const [, written = '', wanted = '', space, comma] = match;
    const condition = parseCondition(operators[written], wanted, rules);
    if (condition === undefined) return undefined;
    conditions.push(condition);
    const atEnd = next.lastIndex === text.length;
    // 3.1.1 takes conditions that touch each other, and a comma at the end.
    if (rules === 'flux2' && (atEnd ? comma !== '' : space === '' && comma === '')) return undefined;
  } while (next.lastIndex < text.length);
  return conditions;
}

const wildcards: ReadonlySet<string> = new Set(['x', 'X', '*']);

function parseCondition(operator: Operator | undefined, text: string, rules: RangeRules): Condition | undefined {
  const [, major = '*', minor = '*', patch = '*', prerelease] = fields.exec(text) ?? [];
  const wild = [major, minor, patch].findIndex((field) => wildcards.has(field));
  const given = wild < 0 ? 3 : (wild as 0 | 1 | 2);
  const numbers = [major, minor, patch].map((field, index) => (index < given ? field : '0'));
  const suffix = prerelease === undefined || (given === 0 && rules === 'flux1') ? '' : `-${prerelease}`;
  const version = parseVersion(`${numbers.join('.')}${suffix}`);
  return operator && version && { operator, version, given };
}

/** Whether the version is in the range. */
export function isInRange(version: Version, range: VersionRange): boolean {
  return range.groups.some((group) =>
    group.conditions.every((condition) => {
      if (version.prerelease !== '' && !takesPrereleases(condition, group, range.rules)) return false;
      return checks[condition.operator](version, condition, range.rules);
    }),
  );
}

function takesPrereleases(condition: Condition, group: Group, rules: RangeRules): boolean {
  if (rules === 'flux2') return group.namesPrerelease;
  if (condition.operator === '!=' && condition.given === 3) return true;
  return condition.version.prerelease !== '';
}

type Check = (version: Version, condition: Condition, rules: RangeRules) => boolean;

const checks: Readonly<Record<Operator, Check>> = {
  '=': (version, condition) =>
    condition.given < 3 ? isTilde(version, condition) : compareVersions(version, condition.version) === 0,
  '!=': isDifferent,
  '>': isHigher,
  '<': (version, condition) => compareVersions(version, condition.version) < 0,
  '>=': (version, condition) => compareVersions(version, condition.version) >= 0,
  '<=': isAtMost,
  '~': isTilde,
  '^': isCaret,
};

function isDifferent(version: Version, { version: wanted, given }: Condition): boolean {
  if (given === 3) return compareVersions(version, wanted) !== 0;
  if (version.major !== wanted.major) return true;
  if (given === 1) return false;
  if (version.minor !== wanted.minor) return true;
  if (given === 2) return comparePrereleases(version.prerelease, wanted.prerelease) !== 0;
  return compareVersions(version, wanted) !== 0;
}

/** `>11` begins with 12, `>11.1` with 11.2. */
function isHigher(version: Version, { version: wanted, given }: Condition): boolean {
  if (given === 0 || given === 3) return compareVersions(version, wanted) > 0;
  const major = compareNumbers(version.major, wanted.major);
  if (major !== 0) return major > 0;
  return given === 2 && compareNumbers(version.minor, wanted.minor) > 0;
}

/** `<=11` ends with the last of 11, `<=11.1` with the last of 11.1. */
function isAtMost(version: Version, { version: wanted, given }: Condition): boolean {
  if (given === 3) return compareVersions(version, wanted) <= 0;
  const major = compareNumbers(version.major, wanted.major);
  if (major !== 0) return major < 0;
  return given === 1 || compareNumbers(version.minor, wanted.minor) <= 0;
}

/** `~1` is 1.x, `~1.2` and `~1.2.3` stay within 1.2; `~0.0.0` and `~*` are everything. */
function isTilde(version: Version, { version: wanted, given }: Condition): boolean {
  if (compareVersions(version, wanted) < 0) return false;
  if ((given === 0 || given === 3) && isZero(wanted)) return true;
  return version.major === wanted.major && (given === 1 || version.minor === wanted.minor);
}

function isZero({ major, minor, patch }: Version): boolean {
  return major === '0' && minor === '0' && patch === '0';
}

/** Nothing left of the first number that is not zero may change. */
function isCaret(version: Version, { version: wanted, given }: Condition, rules: RangeRules): boolean {
  if (compareVersions(version, wanted) < 0) return false;
  if (wanted.major !== '0' || given === 1) return version.major === wanted.major;
  if (version.major !== '0') return false;
  if (wanted.minor !== '0' || given === 2) return version.minor === wanted.minor;
  // 3.1.1 forgets to ask for the minor version here.
  if (rules === 'flux2' && version.minor !== '0') return false;
  return version.patch === wanted.patch;
}
