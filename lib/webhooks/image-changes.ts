import { imageName } from '../domain/images/image-name.ts';
import type { ImageChange } from '../domain/jobs/change.ts';

/** What every registry says of a push, under its own names. */
export interface Pushed {
  /** Name of the repository with the host of its registry. */
  readonly image: string;
  readonly tag?: string | null | undefined;
  readonly digest?: string | null | undefined;
}

/** The change that a push is; none without a tag: a digest alone is a part of a multi-arch image, an attestation, or nothing that a policy can choose. */
export function imageChanges({ image, tag, digest }: Pushed): readonly ImageChange[] {
  const name = imageName(image);
  if (name === undefined || !isTag(tag)) return [];
  return [{ kind: 'image', image: name, tag, ...(isDigest(digest) && { digest }) }];
}

/** The parts of a reference `name[:tag][@digest]`, none of them checked. */
export function splitReference(reference: string): Pushed {
  const [tagged = '', digest] = reference.split('@', 2);
  // A colon before the last slash parts a port.
  const at = tagged.indexOf(':', tagged.lastIndexOf('/') + 1);
  return { image: at < 0 ? tagged : tagged.slice(0, at), tag: at < 0 ? undefined : tagged.slice(at + 1), digest };
}

export function isTag(text: string | null | undefined): text is string {
  return typeof text === 'string' && /^\w[\w.-]{0,127}$/.test(text);
}

export function isDigest(text: string | null | undefined): text is string {
  return typeof text === 'string' && /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(text);
}
