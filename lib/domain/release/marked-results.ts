import { formatImageName, type ImageRef, tryParseImageRef } from '../images/image-ref.ts';
import { type ReleaseResults, updated, type WorkloadResult } from './release-result.ts';

/** A value at a marker of Flux v2 that was changed. */
export interface MarkedValue {
  /** `namespace:name[:part]` of the policy. */
  readonly setter: string;
  readonly old: string;
  readonly new: string;
}

/** What was changed at markers, told as what became of their policies: `flux-system:imagepolicy/app`. */
export function markedResults(marked: readonly MarkedValue[], chosen: ReadonlyMap<string, ImageRef>): ReleaseResults {
  const results = new Map<string, WorkloadResult>();
  for (const { setter, old } of marked) {
    const [namespace = '', name = '', part] = setter.split(':');
    const id = `${namespace}:imagepolicy/${name}`;
    const target = chosen.get(`${namespace}:${name}`);
    if (target === undefined || results.has(id)) continue;
    const current = before(old, part, target);
    results.set(id, updated([{ container: name, current, target }]));
  }
  return results;
}

/** The image that stood there, as far as the marked part tells. */
function before(old: string, part: string | undefined, target: ImageRef): ImageRef {
  const name = formatImageName(target);
  const text = part === 'tag' ? `${name}:${old}` : part === 'digest' ? `${name}@${old}` : old;
  return tryParseImageRef(text) ?? target;
}
