import { Failure } from '../failure.ts';
import { everyTag, parseTagFilter, type TagFilter } from './tag-filter.ts';

/**
 * What the annotations of a workload say about its images (facts/flux-v1.md §2.1), by policy name: `automated`, `locked`, `locked_user`,
 * `locked_msg`, `ignore`, `tag.<container>`.
 */
export type Policies = ReadonlyMap<string, string>;

export type Annotations = Readonly<Record<string, string>>;

/** In the order in which they are looked for; the first one that is there counts. */
const prefixes = ['fluxcd.io/', 'flux.weave.works/'];
const filterPrefix = 'filter.fluxcd.io/';
const tagPrefix = 'tag.';

export function policiesOf(annotations: Annotations = {}): Policies {
  const policies = new Map<string, string>();
  for (const [key, value] of Object.entries(annotations)) {
    const policy = policyOf(key);
    if (policy !== undefined && keyOf(annotations, policy) === key) policies.set(policy, value);
  }
  return policies;
}

function policyOf(key: string): string | undefined {
  if (key.startsWith(filterPrefix)) return tagPrefix + key.slice(filterPrefix.length);
  const prefix = prefixes.find((one) => key.startsWith(one));
  return prefix && key.slice(prefix.length);
}

/** The annotations that could hold a policy. */
function keysOf(policy: string): readonly string[] {
  const keys = prefixes.map((prefix) => prefix + policy);
  return policy.startsWith(tagPrefix) ? [...keys, filterPrefix + policy.slice(tagPrefix.length)] : keys;
}

/** The annotation that holds the policy here, or that is to hold it. */
function keyOf(annotations: Annotations, policy: string): string {
  const keys = keysOf(policy);
  return keys.find((key) => Object.hasOwn(annotations, key)) ?? `${prefixes[0]}${policy}`;
}

/** Switches are on only as exactly `true`: `ignore: sync_only` does not keep images from being changed. */
export function isOn(policies: Policies, policy: 'automated' | 'locked' | 'ignore'): boolean {
  return policies.get(policy) === 'true';
}

/** The filter in force for a container; without one every tag but `latest` passes. */
export function filterOf(policies: Policies, container: string): TagFilter {
  const text = policies.get(tagPrefix + container);
  return text === undefined ? everyTag : parseTagFilter(text);
}

/** What is asked of a workload's policies. `tag_all` stands for the filters of all its containers. */
export interface PolicyUpdate {
  readonly add: Readonly<Record<string, string>>;
  /** Wins over `add`. */
  readonly remove: readonly string[];
}

/** Annotations to set, and those to remove (undefined). */
export type AnnotationChanges = ReadonlyMap<string, string | undefined>;

/**
 * What an update changes in a workload's annotations: a key that is there keeps its prefix, new ones are `fluxcd.io/`. Throws a `user`
 * Failure for a filter that cannot be read.
 */
export function annotationChanges(
  annotations: Annotations,
  containers: readonly string[],
  update: PolicyUpdate,
): AnnotationChanges {
  const { tag_all: filterOfAll, ...add } = update.add;
  const wanted = new Map<string, string | undefined>(Object.entries(add));
  if (filterOfAll !== undefined) {
    const filter = parseTagFilter(filterOfAll).text === everyTag.text ? undefined : filterOfAll;
    for (const container of containers) wanted.set(tagPrefix + container, filter);
  }
  for (const policy of update.remove) wanted.set(policy, undefined);
  const changes = new Map<string, string | undefined>();
  for (const [policy, value] of wanted) {
    if (value !== undefined && policy.startsWith(tagPrefix)) checkFilter(policy, value);
    if (value !== undefined && value !== '') changes.set(keyOf(annotations, policy), value);
    else for (const key of keysOf(policy)) if (Object.hasOwn(annotations, key)) changes.set(key, undefined);
  }
  return changes;
}

function checkFilter(policy: string, value: string): void {
  if (parseTagFilter(value).valid) return;
  throw new Failure('user', `Cannot set the policy "${policy}": the filter "${value}" cannot be read`, {
    help: 'Write glob:<pattern>, semver:<range> or regexp:<expression>, for example semver:~1.4',
  });
}
