import { Failure } from '../domain/failure.ts';
import type { Container } from '../domain/images/container.ts';
import { writesOf } from '../domain/images/containers.ts';
import { helmContainers } from '../domain/images/helm-containers.ts';
import type { ImageRef } from '../domain/images/image-ref.ts';
import { setScalars } from './set-scalars.ts';
import { parseYamlFile } from './yaml-file.ts';

/** What looks like images in a chart's values.yaml or another values file, named as in a HelmRelease (facts/flux-v1.md §2.5). */
export function imagesInValues(text: string, name: string): readonly Container[] {
  const [values] = parseYamlFile(text, name).documents;
  return helmContainers(values?.value, []);
}

/** The text of a values file with another image for one of those. Throws a `missing` Failure if it is not there. */
export function setValuesImage(text: string, name: string, container: string, image: ImageRef): string {
  const file = parseYamlFile(text, name);
  const found = helmContainers(file.documents[0]?.value, []).find((one) => one.name === container);
  if (found === undefined) {
    throw new Failure('missing', `Cannot edit "${name}": there is no image named "${container}" in the values`);
  }
  return setScalars(
    file,
    writesOf(found, image).map(({ path, value }) => ({ document: 0, path, value })),
  );
}
