import { canonicalName, parseImageRef } from '../../domain/images/image-ref.ts';
import { allWorkloads, checkImageSpec, type ImageSpec, latestImages } from '../../domain/release/release-spec.ts';
import { repositoryNeeds } from '../../domain/release/repository-needs.ts';
import { definedWorkloads, isAutomated, type TargetImages } from '../../domain/release/target-images.ts';
import { formatWorkloadId, parseWorkloadId } from '../../domain/release/workload-id.ts';
import { forEachInFlight } from '../in-flight.ts';
import type { ImageEvent } from '../records/image-events.ts';
import type { ImageBook, ImageQuestion } from './image-book.ts';

/** Repositories that are asked at once. */
const askedAtOnce = 8;

/**
 * Asks registries for what automation needs of what targets run: of images that were pushed the tags that were, else all that were not seen
 * before. Policies of Flux v2 choose among all tags, of which the names are enough.
 */
export async function readAutomated(
  book: ImageBook,
  running: readonly TargetImages[],
  events: readonly ImageEvent[] | undefined,
): Promise<void> {
  const automated = running.flatMap(definedWorkloads).filter(({ policies }) => isAutomated(policies));
  const needs = repositoryNeeds(automated);
  const chosen = new Set(
    running.flatMap(({ policies }) => policies.map(({ image }) => canonicalName(parseImageRef(image)))),
  );
  const pushed = events && Map.groupBy(events, ({ image }) => image);
  const questions = [...new Set([...needs.keys(), ...chosen])].flatMap((image): ImageQuestion[] => {
    const own = pushed?.get(image);
    if (pushed !== undefined && own === undefined) return [];
    const need = needs.get(image) ?? { filters: [], current: [] };
    const tags = own?.flatMap(({ tag }) => tag ?? []);
    const isAll = chosen.has(image) || tags === undefined || tags.length < (own?.length ?? 0);
    return [{ image, ...need, ...(!isAll && { tags }) }];
  });
  await forEachInFlight(questions, askedAtOnce, book.ask);
}

/** Asks for what a release that names an image, or wants the newest ones, has to know. Throws a `user` Failure for an image without a tag, and where a named one cannot be asked for. */
export async function readAsked(book: ImageBook, spec: ImageSpec, running: TargetImages): Promise<void> {
  checkImageSpec(spec.image);
  if (spec.image !== latestImages) {
    await book.confirm([parseImageRef(spec.image)]);
    return;
  }
  const named = new Set(
    spec.workloads.filter((id) => id !== allWorkloads).map((id) => formatWorkloadId(parseWorkloadId(id))),
  );
  const workloads = definedWorkloads(running);
  const isAll = spec.workloads.includes(allWorkloads);
  const needs = repositoryNeeds(isAll ? workloads : workloads.filter(({ id }) => named.has(id)));
  await forEachInFlight(
    [...needs].map(([image, need]) => ({ image, ...need })),
    askedAtOnce,
    book.ask,
  );
}
