import { Failure } from '../domain/failure.ts';
import type { Container } from '../domain/images/container.ts';
import { containersOf, writesOf } from '../domain/images/containers.ts';
import { type ImageRef, sameRepository } from '../domain/images/image-ref.ts';
import type { Path } from '../domain/objects/field-at.ts';
import { formatWorkloadId, type WorkloadId } from '../domain/release/workload-id.ts';
import { findObjects, objectsIn } from './find-object.ts';
import type { ScalarChange } from './scalar-edits.ts';
import { setScalars } from './set-scalars.ts';
import { parseYamlFile } from './yaml-file.ts';

/** A workload in a file. */
export interface WorkloadPlace {
  readonly workload: WorkloadId;
  /** Of objects that name none: the target's. Default `default`. */
  readonly namespace?: string;
}

/**
 * The text of a manifest file with other images for containers of one workload; of two containers of one name the first is meant. Throws
 * a `missing` Failure if workload or container is not in the file, a `user` one if it cannot be edited (set-scalars.ts).
 */
export function setImages(
  text: string,
  name: string,
  { workload, namespace = 'default' }: WorkloadPlace,
  images: ReadonlyMap<string, ImageRef>,
): string {
  const file = parseYamlFile(text, name);
  const objects = findObjects(file, workload, namespace);
  const changes: ScalarChange[] = [];
  for (const [container, image] of images) {
    const found = objects.flatMap(({ object, document, path }) => {
      const match = containersOf(object).find((one) => one.name === container);
      return match ? [{ match, document, path }] : [];
    })[0];
    if (found === undefined) throw notThere(name, workload, objects.length > 0 ? container : undefined);
    changes.push(...changesOf(found.match, image, found.document, found.path));
  }
  return setScalars(file, changes);
}

function changesOf(container: Container, image: ImageRef, document: number, base: Path): readonly ScalarChange[] {
  return writesOf(container, image).map(({ path, value }) => ({ document, path: [...base, ...path], value }));
}

function notThere(file: string, workload: WorkloadId, container: string | undefined): Failure {
  const id = formatWorkloadId(workload);
  return container === undefined
    ? new Failure('missing', `Cannot edit "${file}": manifest not found: "${id}" is not in it`)
    : new Failure('missing', `Cannot edit "${file}": manifest not found: "${id}" has no container "${container}"`);
}

/**
 * The text of a file with one image in the place of another, in every container of every object: for the bases and resources of a
 * kustomization, whose names and namespaces are not yet those of the cluster. The same text if the file does not use the image.
 */
export function replaceImage(text: string, name: string, from: ImageRef, to: ImageRef): string {
  const file = parseYamlFile(text, name);
  const changes = objectsIn(file).flatMap(({ object, document, path }) =>
    containersOf(object)
      .filter(({ image }) => sameRepository(image, from) && image.tag === from.tag && image.digest === from.digest)
      .flatMap((container) => changesOf(container, inFormOf(container.image, to), document, path)),
  );
  return setScalars(file, changes);
}

/** Written with the other's name where that names the same repository. */
function inFormOf({ domain, path }: ImageRef, to: ImageRef): ImageRef {
  const name = { ...(domain !== undefined && { domain }), path };
  if (!sameRepository(name, to)) return to;
  const { tag, digest } = to;
  return { ...name, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}

/** The text of a file with texts at dotted paths of one object. Throws as setImages does. */
export function setPaths(
  text: string,
  name: string,
  { workload, namespace = 'default' }: WorkloadPlace,
  values: ReadonlyMap<string, string>,
): string {
  const file = parseYamlFile(text, name);
  const [found] = findObjects(file, workload, namespace);
  if (found === undefined) throw notThere(name, workload, undefined);
  const changes = [...values].map(([dotted, value]) => {
    return { document: found.document, path: [...found.path, ...dotted.split('.')], value };
  });
  return setScalars(file, changes);
}
