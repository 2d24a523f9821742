import * as z from 'zod/mini';
import { Failure } from '../failure.ts';
import { parseImageRef } from '../images/image-ref.ts';

/** What a ReleaseJob is to do (facts/flux-v1.md §3). Workloads are ids, `namespace:kind/name`; images are references as text. */

/** Stands for every workload of a target. */
export const allWorkloads = '<all>';
/** Stands for the newest image of every container. */
export const latestImages = '<all latest>';

const text = z.string().check(z.minLength(1), z.maxLength(1000));
const texts = z.array(text);

/** Give automated workloads the newest images that their filters take. */
export type AutoSpec = z.infer<typeof AutoSpec>;
const AutoSpec = z.object({ type: z.literal('auto') });

/** Give workloads one image, or the newest ones. */
export type ImageSpec = z.infer<typeof ImageSpec>;
const ImageSpec = z.object({
  type: z.literal('image'),
  /** Ids, or `<all>`, which wins. */
  workloads: texts,
  /** A reference with a tag, or `<all latest>`. */
  image: text,
  excludes: z._default(texts, []),
  /** Ignores locks of workloads that are named, and filters of an image that is named. */
  force: z._default(z.boolean(), false),
});

/** Give named containers named images, if they still have the ones that were seen. */
export type ContainersSpec = z.infer<typeof ContainersSpec>;
const ContainersSpec = z.object({
  type: z.literal('containers'),
  /** By workload. `current` absent: whatever it has now. */
  containers: z.record(text, z.array(z.object({ container: text, current: z.optional(text), target: text }))),
  /** Go on without the containers that have another image than `current`. */
  skipMismatches: z._default(z.boolean(), false),
  force: z._default(z.boolean(), false),
});

/** Set and remove policies, by workload. */
export type PolicySpec = z.infer<typeof PolicySpec>;
const PolicySpec = z.object({
  type: z.literal('policy'),
  workloads: z.record(
    text,
    z.object({ add: z._default(z.record(text, z.string()), {}), remove: z._default(texts, []) }),
  ),
});

export type ReleaseSpec = z.infer<typeof ReleaseSpec>;
export const ReleaseSpec = z.discriminatedUnion('type', [AutoSpec, ImageSpec, ContainersSpec, PolicySpec]);

/** Who asked, and what they say about it: the commit's text. */
export interface ReleaseCause {
  readonly user?: string;
  readonly message?: string;
}

/** Checks the image of an ImageSpec: `<all latest>`, or a reference with a tag. Throws a `user` Failure. */
export function checkImageSpec(image: string): void {
  if (image === latestImages || parseImageRef(image).tag !== undefined) return;
  throw new Failure('user', `Cannot release the image "${image}": it has no tag`, {
    help: `Name the tag, if need be ${image}:latest`,
  });
}
