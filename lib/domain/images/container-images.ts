import type { ImageInfo } from './image-info.ts';
import { isNewer, sortImages } from './sort-images.ts';
import type { TagFilter } from './tag-filter.ts';

/** What list-images tells of one container. */
export interface ContainerImages {
  readonly name: string;
  readonly current: ImageInfo;
  /** All images of the repository, newest first by the filter's order. */
  readonly available: readonly ImageInfo[];
  /** How many of them are newer than the current one. */
  readonly newer: number;
  /** What passes the filter, newest first. */
  readonly filtered: readonly ImageInfo[];
  readonly newerFiltered: number;
}

export function containerImages(
  name: string,
  current: ImageInfo,
  images: readonly ImageInfo[],
  filter: TagFilter,
): ContainerImages {
  const available = sortImages(images, filter.order);
  const filtered = available.filter(({ tag }) => filter.takes(tag));
  return {
    name,
    current,
    available,
    newer: countNewer(available),
    filtered,
    newerFiltered: countNewer(filtered),
  };

  function countNewer(sorted: readonly ImageInfo[]): number {
    const first = sorted.findIndex((image) => !isNewer(image, current, filter.order));
    return first < 0 ? sorted.length : first;
  }
}
