import { containersOf, isEditableKind } from '../images/containers.ts';
import { ImagePolicySpec, parseTagChoice, type TagChoice } from '../images/image-policy.ts';
import { canonicalName, formatImageRef, parseImageRef, tryParseImageRef } from '../images/image-ref.ts';
import { filterOf, isOn, type Policies, policiesOf } from '../images/policies.ts';
import { fieldAt } from '../objects/field-at.ts';
import { groupOf, idOf, type KubeObject } from '../objects/kube-object.ts';
import type { DefinedWorkload } from './release-world.ts';
import { parseWorkloadId } from './workload-id.ts';

/** What the manifests of a target say of images: plain texts, since it is kept from one sync to the next. */
export interface TargetImages {
  readonly workloads: readonly UsedWorkload[];
  readonly policies: readonly UsedPolicy[];
}

/** An object with containers. */
export interface UsedWorkload {
  /** `namespace:kind/name`. */
  readonly id: string;
  /** Of its annotations those that say which images it may have. */
  readonly policies: Readonly<Record<string, string>>;
  readonly containers: readonly { readonly name: string; readonly image: string }[];
}

/** An ImagePolicy of Flux v2, with the image of its ImageRepository. */
export interface UsedPolicy {
  /** `namespace:name`, as markers name it. */
  readonly id: string;
  readonly image: string;
  readonly choice: TagChoice;
  /** The digest is written beside the tag. */
  readonly withDigest: boolean;
}

/** Reads what is rendered; `namespace` is that of objects that name none. What is no reference or no policy is left out. */
export function imagesOf(objects: readonly KubeObject[], namespace: string): TargetImages {
  const workloads: UsedWorkload[] = [];
  const placed = objects.map((object) => inNamespace(object, namespace));
  for (const object of placed) {
    const containers = containersOf(object).map(({ name, image }) => ({ name, image: formatImageRef(image) }));
    if (containers.length === 0) continue;
    const policies = [...policiesOf(object.metadata.annotations)].filter(([policy]) => decides(policy));
    workloads.push({ id: idOf(object), policies: Object.fromEntries(policies), containers });
  }
  return { workloads, policies: policiesIn(placed) };
}

function inNamespace(object: KubeObject, namespace: string): KubeObject {
  if (object.metadata.namespace !== undefined) return object;
  return { ...object, metadata: { ...object.metadata, namespace } };
}

function decides(policy: string): boolean {
  return ['automated', 'locked', 'ignore'].includes(policy) || policy.startsWith('tag.');
}

const group = 'image.toolkit.fluxcd.io';

function policiesIn(objects: readonly KubeObject[]): readonly UsedPolicy[] {
  const own = objects.filter(({ apiVersion }) => groupOf(apiVersion) === group);
  const repositories = new Map(
    own
      .filter(({ kind }) => kind === 'ImageRepository')
      .map((object) => [nameOf(object), fieldAt(object, ['spec', 'image'])]),
  );
  return own
    .filter(({ kind }) => kind === 'ImagePolicy')
    .flatMap((object): UsedPolicy[] => {
      const spec = ImagePolicySpec.safeParse(object.spec).data;
      if (spec === undefined || spec.suspend || !isUsable(object.spec)) return [];
      const { name, namespace = object.metadata.namespace } = spec.imageRepositoryRef;
      const image = repositories.get(`${namespace}:${name}`);
      if (typeof image !== 'string' || tryParseImageRef(image) === undefined) return [];
      const { policy, filterTags, digestReflectionPolicy } = spec;
      return [
        { id: nameOf(object), image, choice: { policy, filterTags }, withDigest: digestReflectionPolicy !== 'Never' },
      ];
    });
}

function nameOf({ metadata }: KubeObject): string {
  return `${metadata.namespace}:${metadata.name}`;
}

function isUsable(spec: unknown): boolean {
  try {
    parseTagChoice(spec);
    return true;
  } catch {
    return false;
  }
}

/** The workloads whose images may be changed. */
export function definedWorkloads({ workloads }: TargetImages): readonly DefinedWorkload[] {
  return workloads
    .filter(({ id }) => isEditableKind(parseWorkloadId(id).kind))
    .map(({ id, policies, containers }) => ({
      id,
      policies: new Map(Object.entries(policies)),
      containers: containers.map(({ name, image }) => ({ name, image: parseImageRef(image) })),
    }));
}

/** How a target uses one image repository. */
export interface ImageUse {
  /** Ids, in order. */
  readonly workloads: readonly string[];
  /** The tag filters of containers that are automated; none if nobody waits for a tag. */
  readonly filters: readonly string[];
  /** A policy of Flux v2 chooses among its tags. */
  readonly chosen: boolean;
}

/** By canonical name of the image repository. */
export function imageUses(images: TargetImages): ReadonlyMap<string, ImageUse> {
  const uses = new Map<string, { workloads: Set<string>; filters: Set<string>; chosen: boolean }>();
  function useOf(image: string) {
    const name = canonicalName(parseImageRef(image));
    const use = uses.get(name) ?? { workloads: new Set(), filters: new Set(), chosen: false };
    uses.set(name, use);
    return use;
  }
  for (const { id, containers, policies } of images.workloads) {
    const map: Policies = new Map(Object.entries(policies));
    const waits = isEditableKind(parseWorkloadId(id).kind) && isAutomated(map);
    for (const { name, image } of containers) {
      const use = useOf(image);
      use.workloads.add(id);
      if (waits) use.filters.add(filterOf(map, name).text);
    }
  }
  for (const { image } of images.policies) useOf(image).chosen = true;
  return new Map(
    [...uses].map(([name, { workloads, filters, chosen }]) => [
      name,
      { workloads: [...workloads].sort(), filters: [...filters].sort(), chosen },
    ]),
  );
}

/** Whether automation may change a workload (facts/flux-v1.md §2.3). */
export function isAutomated(policies: Policies): boolean {
  return isOn(policies, 'automated') && !isOn(policies, 'locked') && !isOn(policies, 'ignore');
}
