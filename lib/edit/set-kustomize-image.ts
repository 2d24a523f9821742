import { Failure } from '../domain/failure.ts';
import { type ImageRef, sameRepository, tryParseImageRef } from '../domain/images/image-ref.ts';
import { fieldAt, type Path } from '../domain/objects/field-at.ts';
import { setScalars } from './set-scalars.ts';
import { parseYamlFile } from './yaml-file.ts';

/**
 * The text of a kustomization with another version of an image, where its `images:` set the version of that repository: `newTag`, `digest`, or
 * both. Undefined where they do not: then the version is further down, in a base or a resource. An entry is found by the name that it gives
 * (`newName`, else `name`). Throws a `user` Failure if a digest is set and the new one is not known, or the file cannot be edited.
 */
export function setKustomizeImage(text: string, name: string, image: ImageRef): string | undefined {
  const file = parseYamlFile(text, name);
  for (const [document, { value }] of file.documents.entries()) {
    const entries = fieldAt(value, ['images']);
    if (!Array.isArray(entries)) continue;
    const index = entries.findLastIndex((entry: unknown) => isOf(entry, image) && setsVersion(entry));
    if (index < 0) continue;
    const base: Path = ['images', index];
    return setScalars(
      file,
      changesFor(entries[index], image, name).map((change) => ({
        document,
        path: [...base, change.key],
        value: change.value,
      })),
    );
  }
  return undefined;
}

function isOf(entry: unknown, image: ImageRef): boolean {
  const named = fieldAt(entry, ['newName']) ?? fieldAt(entry, ['name']);
  const ref = typeof named === 'string' ? tryParseImageRef(named) : undefined;
  return ref !== undefined && sameRepository(ref, image);
}

function setsVersion(entry: unknown): boolean {
  return isSet(entry, 'newTag') || isSet(entry, 'digest');
}

/** A tag may be there as a number (`newTag: 1.30`): kustomize refuses it, and the next one is written as the text it has to be. */
function isSet(entry: unknown, key: string): boolean {
  const value = fieldAt(entry, [key]);
  return value !== undefined && value !== null && typeof value !== 'object' && value !== '';
}

interface KeyChange {
  readonly key: string;
  readonly value: string;
}

function changesFor(entry: unknown, { tag, digest }: ImageRef, file: string): readonly KeyChange[] {
  const changes: KeyChange[] = [];
  if (isSet(entry, 'newTag') && tag !== undefined) changes.push({ key: 'newTag', value: tag });
  if (isSet(entry, 'digest')) {
    if (digest === undefined) {
      throw new Failure('user', `Cannot edit "${file}": images pins a digest, and that of the new image is not known`, {
        code: 'NotEdited',
      });
    }
    changes.push({ key: 'digest', value: digest });
  }
  return changes;
}
