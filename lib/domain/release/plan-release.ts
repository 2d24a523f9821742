import { planAutomated } from './plan-automated.ts';
import { planContainers } from './plan-containers.ts';
import { planImages } from './plan-images.ts';
import type { ReleaseResults } from './release-result.ts';
import type { AutoSpec, ContainersSpec, ImageSpec } from './release-spec.ts';
import type { ReleaseWorld } from './release-world.ts';

/**
 * What a release of images does to each workload of a world: the `containers` of each `success` are to be written to git, the rest is left
 * alone for the reason given. Nothing is read or written. Throws a Failure where the whole release is refused.
 */
export function planRelease(spec: AutoSpec | ImageSpec | ContainersSpec, world: ReleaseWorld): ReleaseResults {
  switch (spec.type) {
    case 'auto':
      return planAutomated(world);
    case 'image':
      return planImages(spec, world);
    case 'containers':
      return planContainers(spec, world);
  }
}
