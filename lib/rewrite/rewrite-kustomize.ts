import { statSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { Failure } from '../domain/failure.ts';
import { containersOf } from '../domain/images/containers.ts';
import { canonicalRef, type ImageRef } from '../domain/images/image-ref.ts';
import { annotationChanges } from '../domain/images/policies.ts';
import { fieldAt } from '../domain/objects/field-at.ts';
import { idOf, type KubeObject } from '../domain/objects/kube-object.ts';
import { formatWorkloadId, parseWorkloadId, type WorkloadId } from '../domain/release/workload-id.ts';
import { objectsIn } from '../edit/find-object.ts';
import { setAnnotations } from '../edit/set-annotations.ts';
import { setImages } from '../edit/set-images.ts';
import { setKustomizeImage } from '../edit/set-kustomize-image.ts';
import { parseYamlFile } from '../edit/yaml-file.ts';
import { resolveInside } from '../render/checkout-path.ts';
import { kustomizationNames } from '../render/kustomize-guard.ts';
import { isFile } from '../render/read-bounded.ts';
import type { Rewrite, RewriteContext } from './place.ts';
import type { Texts } from './texts.ts';

/**
 * What kustomize builds: the version of an image is in the `images:` of the kustomization, or in a patch or resource of it, or further down in what
 * it is built on, in this order, which is that in which they win. Whether it was the right place is seen when it is built anew.
 */
export const rewriteKustomize: Rewrite = async ({ place, manifest, id }, { images, policies }, context) => {
  const { object } = manifest;
  for (const [name, image] of images) {
    const container = containersOf(object).find((one) => one.name === name);
    if (
      container === undefined ||
      !writeImage(place.path, { object, container: name, from: container.image, to: image }, context)
    ) {
      throw notFound(formatWorkloadId(id), `the image of its container "${name}"`, place.path);
    }
  }
  if (policies === undefined) return;
  const containers = containersOf(object).map(({ name }) => name);
  const changes = annotationChanges(object.metadata.annotations ?? {}, containers, policies);
  const source = findSource(place.path, object, context);
  if (source === undefined) throw notFound(formatWorkloadId(id), 'the workload', place.path);
  const { file, where } = source;
  context.texts.set(file, setAnnotations(context.texts.read(file), file, where, changes));
};

function notFound(id: string, what: string, path: string): Failure {
  return new Failure('user', `Cannot edit "${path}": where ${what} of "${id}" comes from is not found`, {
    code: 'NotEdited',
    help: 'Name the image in images of the kustomization, with a newTag',
  });
}

interface ImageChange {
  /** As it is built. */
  readonly object: KubeObject;
  readonly container: string;
  readonly from: ImageRef;
  readonly to: ImageRef;
}

/** Whether it was written at a kustomization or below. */
function writeImage(directory: string, change: ImageChange, context: RewriteContext): boolean {
  const { texts } = context;
  const file = kustomizationIn(directory, context);
  if (file === undefined) return false;
  const set = setKustomizeImage(texts.read(file), file, change.to);
  if (set !== undefined) {
    texts.set(file, set);
    return true;
  }
  const { files, directories } = entriesOf(file, directory, context);
  if (files.some((each) => writeInFile(each, change, texts))) return true;
  return directories.some((each) => writeImage(each, change, context));
}

function writeInFile(file: string, { object, container, from, to }: ImageChange, texts: Texts): boolean {
  const text = texts.read(file);
  for (const found of alike(text, file, object)) {
    const has = containersOf(found).find(
      (one) => one.name === container && canonicalRef(one.image) === canonicalRef(from),
    );
    if (has === undefined) continue;
    texts.set(file, setImages(text, file, placeOf(found), new Map([[container, to]])));
    return true;
  }
  return false;
}

/** Objects of a file that may be what was built: of its kind, and of a name that it begins or ends with. */
function alike(text: string, file: string, { kind, metadata }: KubeObject): readonly KubeObject[] {
  return objectsIn(parseYamlFile(text, file))
    .map(({ object }) => object)
    .filter((object) => object.kind === kind && metadata.name.includes(object.metadata.name))
    .sort((a, b) => b.metadata.name.length - a.metadata.name.length);
}

function placeOf(object: KubeObject): { readonly workload: WorkloadId; readonly namespace: string } {
  const namespace = object.metadata.namespace ?? 'default';
  const id = idOf({ ...object, metadata: { ...object.metadata, namespace } });
  return { workload: parseWorkloadId(id), namespace };
}

function findSource(
  directory: string,
  object: KubeObject,
  context: RewriteContext,
): { readonly file: string; readonly where: ReturnType<typeof placeOf> } | undefined {
  const kustomization = kustomizationIn(directory, context);
  if (kustomization === undefined) return undefined;
  const { files, directories } = entriesOf(kustomization, directory, context);
  for (const file of files) {
    const [found] = alike(context.texts.read(file), file, object).filter((one) => containersOf(one).length > 0);
    if (found !== undefined) return { file, where: placeOf(found) };
  }
  for (const each of directories) {
    const found = findSource(each, object, context);
    if (found !== undefined) return found;
  }
  return undefined;
}

function kustomizationIn(directory: string, { root }: RewriteContext): string | undefined {
  return kustomizationNames.map((name) => join(directory, name)).find((file) => isFile(join(root, file)));
}

/** Patches before resources: they win. What is remote or not there is left out; kustomize has built it all the same. */
function entriesOf(file: string, directory: string, { root, texts }: RewriteContext) {
  const values = parseYamlFile(texts.read(file), file).documents.map(({ value }) => value);
  const entries = values.flatMap((value) => [
    ...listAt(value, 'patchesStrategicMerge'),
    ...listAt(value, 'patches').map((patch) => fieldAt(patch, ['path'])),
    ...listAt(value, 'resources'),
    ...listAt(value, 'bases'),
    ...listAt(value, 'components'),
  ]);
  const files: string[] = [];
  const directories: string[] = [];
  for (const entry of entries) {
    if (typeof entry !== 'string' || entry.includes('\n')) continue;
    const path = normalize(join(directory, entry));
    const status = statSync(join(root, path), { throwIfNoEntry: false });
    if (status === undefined) continue;
    resolveInside(root, path);
    if (status.isDirectory()) directories.push(path);
    else files.push(path);
  }
  return { files, directories };
}

function listAt(value: unknown, key: string): readonly unknown[] {
  const list = fieldAt(value, [key]);
  return Array.isArray(list) ? list : [];
}
