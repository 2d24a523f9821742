import { podSpecPath } from '../objects/built-in.ts';
import { fieldAt, type Path } from '../objects/field-at.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type { Container } from './container.ts';
import { helmContainers } from './helm-containers.ts';
import { formatImageName, formatImageRef, type ImageRef, tryParseImageRef } from './image-ref.ts';

/** Kinds whose images Sluice changes (facts/flux-v1.md §2.4); those of Job, ReplicaSet and Pod are only shown. */
const editableKinds: ReadonlySet<string> = new Set([
  'deployment',
  'daemonset',
  'statefulset',
  'cronjob',
  'helmrelease',
  'fluxhelmrelease',
]);

/** Whether images of objects of this kind, in any case, may be changed. */
export function isEditableKind(kind: string): boolean {
  return editableKinds.has(kind.toLowerCase());
}

/**
 * The containers of an object: `containers`, then `initContainers`; of a HelmRelease `chart-image`, then by name. Those whose image is no
 * reference are left out. Empty for what has none.
 */
export function containersOf(object: KubeObject): readonly Container[] {
  if (/^(?:Flux)?HelmRelease$/.test(object.kind)) {
    return helmContainers(fieldAt(object, ['spec', 'values']), ['spec', 'values'], object.metadata.annotations);
  }
  const podSpec = podSpecPath(object);
  if (podSpec === undefined) return [];
  return ['containers', 'initContainers'].flatMap((list) => podContainers(object, [...podSpec, list]));
}

function podContainers(object: KubeObject, list: Path): readonly Container[] {
  const items = fieldAt(object, list);
  if (!Array.isArray(items)) return [];
  return items.flatMap((item: unknown, index): Container[] => {
    const name = fieldAt(item, ['name']);
    const text = fieldAt(item, ['image']);
    const image = typeof text === 'string' ? tryParseImageRef(text) : undefined;
    if (typeof name !== 'string' || image === undefined) return [];
    return [{ name, image, places: { image: [...list, index, 'image'] } }];
  });
}

export interface Write {
  readonly path: Path;
  readonly value: string;
}

/** What has to be written where, for a container to have another image: the split into registry, repository and tag is kept. */
export function writesOf({ places, registry }: Container, image: ImageRef): readonly Write[] {
  const name = formatImageName(image);
  const suffix = formatImageRef(image).slice(name.length);
  const writes: Write[] = [];
  let path = name;
  if (places.registry !== undefined) {
    const stays = registry !== undefined && name.startsWith(`${registry}/`);
    path = stays ? name.slice(registry.length + 1) : image.path;
    writes.push({ path: places.registry, value: stays ? registry : (image.domain ?? '') });
  }
  writes.push({ path: places.image, value: places.tag === undefined ? path + suffix : path });
  if (places.tag !== undefined) writes.push({ path: places.tag, value: suffix.slice(1) });
  return writes;
}
