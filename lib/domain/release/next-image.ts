import type { ImageInfo } from '../images/image-info.ts';
import { canonicalRef, type ImageRef, sameRepository } from '../images/image-ref.ts';
import { compareVersions, parseVersion } from '../images/version.ts';
import type { DefinedWorkload, NamedImage } from './release-world.ts';

/** Whether a reference is to this very image: the tag, and the digest where one is written. */
export function isImage({ tag, digest }: ImageRef, image: ImageInfo): boolean {
  if (digest !== undefined && digest !== image.digest) return false;
  return tag === undefined ? digest !== undefined : tag === image.tag;
}

/**
 * The reference with another tag, its name kept as it was written; a digest beside the tag is replaced too. Undefined for one that is pinned
 * by a digest alone, or whose new digest is not known.
 */
export function withImage(written: ImageRef, { tag, digest }: ImageInfo): ImageRef | undefined {
  if (written.digest === undefined) return { ...written, tag };
  return written.tag === undefined || digest === undefined ? undefined : { ...written, tag, digest };
}

/** The container as git has it; undefined where git has none of the name, or one with an image of another repository. */
export function definedContainer({ containers }: DefinedWorkload, { name, image }: NamedImage): NamedImage | undefined {
  const defined = containers.find((container) => container.name === name);
  return defined && sameRepository(defined.image, image) ? defined : undefined;
}

/** Whether git has the target already, however it is written: the rollout is under way. */
export function isInGit(defined: ImageRef, target: ImageRef): boolean {
  return canonicalRef(defined) === canonicalRef(target) && defined.digest === target.digest;
}

/** Whether the change goes down: by version where both are versions and the filter goes by them, else by created time where both are known. */
export function isDowngrade(from: ImageInfo, to: ImageInfo, order: 'version' | 'created'): boolean {
  if (order === 'version') {
    const [before, after] = [parseVersion(from.tag), parseVersion(to.tag)];
    if (before !== undefined && after !== undefined) return compareVersions(after, before) < 0;
  }
  return from.created !== undefined && to.created !== undefined && to.created < from.created;
}
