import { Failure } from '../domain/failure.ts';
import { idOf, type KubeObject, type Manifest } from '../domain/objects/kube-object.ts';
import { mergeRulesOf } from './merge-keys.ts';
import { type JsonMap, jsonMergePatch, strategicMergePatch } from './merge-patch.ts';

/**
 * The manifests with each patch applied to the one of its id (`namespace:kind/name`, as written): strategic merge for kinds of Kubernetes itself,
 * JSON merge for others (facts/flux-v1.md §1.7). Throws a `user` Failure for a patch of what is not there.
 */
export function patchManifests(manifests: readonly Manifest[], patches: readonly Manifest[]): readonly Manifest[] {
  const patched = [...manifests];
  const places = new Map(manifests.map(({ object }, index) => [idOf(object), index]));
  for (const patch of patches) {
    const id = idOf(patch.object);
    const place = places.get(id);
    const manifest = place === undefined ? undefined : patched[place];
    if (place === undefined || !manifest) {
      throw new Failure(
        'user',
        `Cannot apply the patch of "${id}" in "${patch.file}": the generators make no such object`,
        {
          help: 'Remove the patch, or correct its kind, name and namespace',
        },
      );
    }
    patched[place] = { ...manifest, object: applyPatch(manifest.object, patch, id) };
  }
  return patched;
}

function applyPatch(object: KubeObject, patch: Manifest, id: string): KubeObject {
  const rules = mergeRulesOf(object);
  const original = object as unknown as JsonMap;
  const change = patch.object as unknown as JsonMap;
  try {
    return (rules
      ? strategicMergePatch(original, change, rules)
      : jsonMergePatch(original, change)) as unknown as KubeObject;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Failure('user', `Cannot apply the patch of "${id}" in "${patch.file}": ${error.message}`, {
      cause: error,
    });
  }
}
