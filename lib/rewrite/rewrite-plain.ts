import { containersOf } from '../domain/images/containers.ts';
import { annotationChanges } from '../domain/images/policies.ts';
import { setAnnotations } from '../edit/set-annotations.ts';
import { setImages } from '../edit/set-images.ts';
import type { Rewrite } from './place.ts';

/** Manifests that are written as they are applied: the file says all. */
export const rewritePlain: Rewrite = async ({ place, manifest, id }, { images, policies }, { texts }) => {
  const { file, object } = manifest;
  const where = { workload: id, namespace: place.target.namespace };
  if (images.size > 0) texts.set(file, setImages(texts.read(file), file, where, images));
  if (policies === undefined) return;
  const containers = containersOf(object).map(({ name }) => name);
  const changes = annotationChanges(object.metadata.annotations ?? {}, containers, policies);
  texts.set(file, setAnnotations(texts.read(file), file, where, changes));
};
