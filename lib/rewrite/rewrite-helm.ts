import { join } from 'node:path';
import { Failure } from '../domain/failure.ts';
import { containersOf } from '../domain/images/containers.ts';
import { canonicalRef, type ImageRef } from '../domain/images/image-ref.ts';
import { formatWorkloadId } from '../domain/release/workload-id.ts';
import { imagesInValues, setValuesImage } from '../edit/set-values-image.ts';
import type { Rewrite, RewriteContext } from './place.ts';

/** What helm renders: the image is in the values files of the target, of which later ones win, or in the chart's own. */
export const rewriteHelm: Rewrite = async ({ place, manifest, id }, { images, policies }, context) => {
  const { object } = manifest;
  if (policies !== undefined) {
    throw notEdited(place.path, `the policies of "${formatWorkloadId(id)}" are in a template of the chart`);
  }
  const files = [...place.target.valuesFiles].reverse().concat(join(place.path, 'values.yaml'));
  for (const [name, image] of images) {
    const container = containersOf(object).find((one) => one.name === name);
    const isWritten =
      container !== undefined && files.some((file) => writeImage(file, container.image, image, context));
    if (!isWritten)
      throw notEdited(
        place.path,
        `no values file holds the image of the container "${name}" of "${formatWorkloadId(id)}"`,
      );
  }
};

/** Every value that holds the image: where two workloads share one, both get the next. True too where it was written for another. */
function writeImage(file: string, from: ImageRef, to: ImageRef, { texts }: RewriteContext): boolean {
  const text = texts.readOrEmpty(file);
  const found = text === '' ? [] : imagesInValues(text, file);
  const holding = found.filter(({ image }) => canonicalRef(image) === canonicalRef(from));
  for (const { name } of holding) texts.set(file, setValuesImage(texts.read(file), file, name, to));
  return holding.length > 0 || found.some(({ image }) => canonicalRef(image) === canonicalRef(to));
}

function notEdited(path: string, state: string): Failure {
  return new Failure('user', `Cannot edit "${path}": ${state}`, {
    code: 'NotEdited',
    help: 'Write the image as image: {repository, tag} at the top of the values, or one map below it',
  });
}
