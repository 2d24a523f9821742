import type { Path } from '../objects/field-at.ts';
import type { ImageRef } from './image-ref.ts';

/** Where the parts of an image are written. Without a place of its own a part is in the text at `image`. */
export interface ImagePlaces {
  readonly registry?: Path;
  readonly image: Path;
  readonly tag?: Path;
}

/** A container of a workload, or what Flux takes for one in the values of a HelmRelease. */
export interface Container {
  readonly name: string;
  readonly image: ImageRef;
  readonly places: ImagePlaces;
  /** The text at `places.registry`. */
  readonly registry?: string;
}
