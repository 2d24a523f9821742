import { asFailure, type Failure } from '../failure.ts';
import type { RepositoryImages } from '../images/image-info.ts';
import { chooseTag } from '../images/image-policy.ts';
import { canonicalName, type ImageRef, parseImageRef } from '../images/image-ref.ts';
import type { TargetImages } from './target-images.ts';

export interface ChosenImages {
  /** By `namespace:name` of the policy. */
  readonly images: ReadonlyMap<string, ImageRef>;
  /** Why a policy has none. */
  readonly failures: ReadonlyMap<string, Failure>;
}

/** The image that each policy of Flux v2 takes; of policies whose repository was not asked nothing is told. */
export function chooseImages(
  targets: readonly TargetImages[],
  repositories: ReadonlyMap<string, RepositoryImages>,
): ChosenImages {
  const images = new Map<string, ImageRef>();
  const failures = new Map<string, Failure>();
  for (const { id, image, choice, withDigest } of targets.flatMap(({ policies }) => policies)) {
    const { domain, path } = parseImageRef(image);
    const name = { ...(domain !== undefined && { domain }), path };
    const repository = repositories.get(canonicalName(name));
    if (repository === undefined) continue;
    try {
      const tag = chooseTag(choice, repository.tags);
      const digest = withDigest ? repository.images.get(tag)?.digest : undefined;
      images.set(id, { ...name, tag, ...(digest !== undefined && { digest }) });
    } catch (error) {
      failures.set(id, asFailure(error));
    }
  }
  return { images, failures };
}
