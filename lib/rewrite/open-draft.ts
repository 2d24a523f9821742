import { readdirSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Draft, DraftRequest, Marked, OpenDraft } from '../app/release-ports.ts';
import { asFailure, Failure } from '../domain/failure.ts';
import type { ImageRef } from '../domain/images/image-ref.ts';
import { idOf, type Manifest } from '../domain/objects/kube-object.ts';
import type { RenderTarget } from '../domain/objects/rendered.ts';
import type { MarkedValue } from '../domain/release/marked-results.ts';
import { imagesOf, type TargetImages } from '../domain/release/target-images.ts';
import { parseWorkloadId } from '../domain/release/workload-id.ts';
import { mayHoldMarkers, setMarkers } from '../edit/set-markers.ts';
import { readManifests } from '../render/read-manifests.ts';
import { planPaths, type RenderParts, renderPath } from '../render/render.ts';
import type { Place, PlacedWorkload, Rewrite, RewriteContext, Wish } from './place.ts';
import { rewriteFlux, scansFiles } from './rewrite-flux.ts';
import { rewriteHelm } from './rewrite-helm.ts';
import { rewriteKustomize } from './rewrite-kustomize.ts';
import { rewritePlain } from './rewrite-plain.ts';
import { createTexts } from './texts.ts';

const rewrites: Readonly<Record<Place['renderer'], Rewrite>> = {
  plain: rewritePlain,
  kustomize: rewriteKustomize,
  helm: rewriteHelm,
  flux: rewriteFlux,
};

/** Opens checkouts for releases: renders what their targets define, and knows where each image of it is written. */
export function createOpenDraft(parts: RenderParts): OpenDraft {
  return async ({ checkout, targets, signal }: DraftRequest): Promise<Draft> => {
    const root = await realpath(await checkout.write());
    const texts = createTexts(root);
    const context: RewriteContext = { root, texts, parts, signal };
    const places = new Map<string, readonly Place[] | Failure>();
    for (const target of targets) places.set(target.name, await rendered(target, context));

    function find(target: string, workload: string): PlacedWorkload {
      const found = places.get(target);
      if (found === undefined || found instanceof Failure) throw found ?? notThere(workload);
      const id = parseWorkloadId(workload);
      for (const place of found) {
        const manifest = place.manifests.find(({ object }) => isObject(object, workload, place.target.namespace));
        if (manifest !== undefined) return { place, manifest, id };
      }
      throw notThere(workload);
    }

    async function edit(target: string, workload: string, wish: Wish): Promise<void> {
      const found = find(target, workload);
      await texts.attempt(() => rewrites[found.place.renderer](found, wish, context));
    }

    return {
      defined: describe(places, targets),
      setImages: (target, workload, images) => edit(target, workload, { images }),
      setPolicies: (target, workload, policies) => edit(target, workload, { images: new Map(), policies }),
      setMarkers: async (images) => markAll(images, context),
      async again() {
        await texts.write();
        const after = new Map<string, readonly Place[] | Failure>();
        for (const target of targets) after.set(target.name, await renderedAgain(places.get(target.name), context));
        return describe(after, targets);
      },
      reset: texts.reset,
      get files() {
        return texts.changed;
      },
    };
  };
}

function notThere(workload: string): Failure {
  return new Failure('missing', `Cannot edit "${workload}": the repository does not define it`);
}

function isObject(object: Manifest['object'], workload: string, namespace: string): boolean {
  return (
    idOf({ ...object, metadata: { ...object.metadata, namespace: object.metadata.namespace ?? namespace } }) ===
    workload
  );
}

async function rendered(target: RenderTarget, context: RewriteContext): Promise<readonly Place[] | Failure> {
  const { root, parts, signal } = context;
  try {
    const places: Place[] = [];
    for (const { path, renderer } of planPaths(root, target)) {
      const { manifests } = await renderPath(parts, { directory: root, target, path, signal }, renderer);
      places.push({ target, path, renderer, manifests });
    }
    return places;
  } catch (error) {
    const failure = asFailure(error);
    if (failure.fault === 'server') throw failure;
    return failure;
  }
}

/** Of files that are their own manifests those that were changed are read again; everything else is rendered anew. */
async function renderedAgain(
  before: readonly Place[] | Failure | undefined,
  context: RewriteContext,
): Promise<readonly Place[] | Failure> {
  if (before === undefined || before instanceof Failure) return before ?? [];
  const { root, parts, signal, texts } = context;
  try {
    const places: Place[] = [];
    for (const place of before) {
      const { target, path, renderer } = place;
      const manifests = scansFiles(place, root)
        ? reread(place.manifests, texts.changed)
        : (await renderPath(parts, { directory: root, target, path, signal }, renderer)).manifests;
      places.push({ ...place, manifests });
    }
    return places;
  } catch (error) {
    const failure = asFailure(error);
    if (failure.fault === 'server') throw failure;
    return failure;
  }
}

function reread(manifests: readonly Manifest[], changed: ReadonlyMap<string, string>): readonly Manifest[] {
  const files = new Set(manifests.map(({ file }) => file).filter((file) => changed.has(file)));
  const kept = manifests.filter(({ file }) => !files.has(file));
  const read = [...files].flatMap(
    (file) => readManifests(changed.get(file) ?? '', file, { withoutKind: 'warn' }).manifests,
  );
  return [...kept, ...read];
}

function describe(
  places: ReadonlyMap<string, readonly Place[] | Failure>,
  targets: readonly RenderTarget[],
): ReadonlyMap<string, TargetImages | Failure> {
  return new Map(
    targets.map(({ name, namespace }): [string, TargetImages | Failure] => {
      const found = places.get(name) ?? [];
      if (found instanceof Failure) return [name, found];
      const objects = found.flatMap(({ manifests }) => manifests.map(({ object }) => object));
      return [name, imagesOf(objects, namespace)];
    }),
  );
}

/** Every file of the checkout that may hold one: markers stand in what other tools read, too. A file that cannot be edited keeps none from the others. */
function markAll(images: ReadonlyMap<string, ImageRef>, { root, texts }: RewriteContext): Marked {
  const values: MarkedValue[] = [];
  const problems: string[] = [];
  for (const entry of readdirSync(root, { withFileTypes: true, recursive: true })) {
    const path = relative(root, join(entry.parentPath, entry.name));
    if (!entry.isFile() || !mayHoldMarkers(path)) continue;
    try {
      const { text, changes } = setMarkers(texts.read(path), path, images);
      if (changes.length > 0) texts.set(path, text);
      values.push(...changes);
    } catch (error) {
      problems.push(asFailure(error).message);
    }
  }
  return { values, problems };
}
