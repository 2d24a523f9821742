import { join } from 'node:path';
import { Failure } from '../domain/failure.ts';
import { containersOf } from '../domain/images/containers.ts';
import { annotationChanges } from '../domain/images/policies.ts';
import { idOf, type KubeObject } from '../domain/objects/kube-object.ts';
import { editPatchFile } from '../edit/edit-patch-file.ts';
import { runGenerators } from '../render/flux.ts';
import { type FluxConfig, type FluxConfigPlace, findFluxConfig, readFluxConfig } from '../render/flux-config.ts';
import { inContext } from '../render/render.ts';
import type { Place, PlacedWorkload, Rewrite, RewriteContext, Wish } from './place.ts';
import { rewritePlain } from './rewrite-plain.ts';
import { runUpdaters } from './run-updaters.ts';

/** What `.flux.yaml` generates (facts/flux-v1.md §1.7): its updaters are run, or its patch file is edited. */
export const rewriteFlux: Rewrite = async (workload, wish, context) => {
  const { config, directory } = fluxOf(workload.place, context);
  switch (config.mode) {
    case 'scanForFiles':
      return await rewritePlain(workload, wish, context);
    case 'patchUpdated':
      return await rewritePatch(workload, wish, { ...context, directory, config });
    case 'commandUpdated':
      return await runUpdaters(workload, wish, { ...context, directory, updaters: config.updaters });
  }
};

/** Whether the files of a path are its manifests. */
export function scansFiles(place: Pick<Place, 'path' | 'renderer'>, root: string): boolean {
  if (place.renderer === 'plain') return true;
  return place.renderer === 'flux' && readFluxConfig(root, placeOf(place, root).file).mode === 'scanForFiles';
}

function fluxOf(place: Place, { root }: RewriteContext): { config: FluxConfig; directory: string } {
  const { file, directory } = placeOf(place, root);
  return { config: readFluxConfig(root, file), directory };
}

function placeOf({ path }: Pick<Place, 'path'>, root: string): FluxConfigPlace {
  const found = findFluxConfig(root, path);
  if (found === undefined) throw new Failure('user', `Cannot edit "${path}": there is no .flux.yaml in it or above it`);
  return found;
}

interface PatchContext extends RewriteContext {
  readonly directory: string;
  readonly config: FluxConfig & { readonly mode: 'patchUpdated' };
}

async function rewritePatch(
  { place, manifest }: PlacedWorkload,
  { images, policies }: Wish,
  { config, directory, ...context }: PatchContext,
): Promise<void> {
  const { texts, root, parts, signal } = context;
  const request = { directory: root, target: place.target, path: directory, signal };
  const generated = await inContext(parts, request, (inside) => runGenerators(inside, config.generators));
  const id = idOf(manifest.object);
  const object = generated.manifests.find((one) => idOf(one.object) === id)?.object;
  if (object === undefined)
    throw new Failure('user', `Cannot edit "${place.path}": its generators do not make "${id}"`);
  const file = join(directory, config.patchFile);
  const edit = { images, annotations: policies === undefined ? new Map() : changesOf(manifest.object, policies) };
  texts.set(file, editPatchFile(texts.readOrEmpty(file), file, object, edit));
}

function changesOf(object: KubeObject, policies: NonNullable<Wish['policies']>) {
  const containers = containersOf(object).map(({ name }) => name);
  return annotationChanges(object.metadata.annotations ?? {}, containers, policies);
}
