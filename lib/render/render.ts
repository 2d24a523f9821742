import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { duplicateFailure, findDuplicate } from '../domain/objects/duplicates.ts';
import type { Rendered, RenderRequest, RenderTarget } from '../domain/objects/rendered.ts';
import type { RendererName } from '../domain/settings/settings.ts';
import { isInside, resolveInside } from './checkout-path.ts';
import { renderFlux } from './flux.ts';
import { findFluxConfig } from './flux-config.ts';
import { renderHelm } from './helm.ts';
import { renderKustomize } from './kustomize.ts';
import { kustomizationNames } from './kustomize-guard.ts';
import { renderPlain } from './plain.ts';
import { isFile } from './read-bounded.ts';
import { checkStopped, concatenate, type RenderContext, type Renderer } from './renderer.ts';

const renderers = {
  plain: renderPlain,
  kustomize: renderKustomize,
  helm: renderHelm,
  flux: renderFlux,
} as const satisfies Record<Exclude<RendererName, 'auto'>, Renderer>;

/** What a path is rendered by. */
export type Chosen = keyof typeof renderers;

export interface RenderParts {
  readonly tools: RenderContext['tools'];
  /** A directory of this process, in which each render makes one of its own. */
  readonly scratch: string;
  /** The PATH for git (remote bases) and allowed commands. Default: where programs usually are. */
  readonly searchPath?: string | undefined;
  /** What git on it needs beside: a bundled one does not find its own parts. No secrets. */
  readonly gitEnvironment?: Readonly<Record<string, string>>;
}

const maxWarnings = 50;

/**
 * Renders the paths of a target one after the other (DESIGN §5.1 `renderer`). Throws a `user` Failure in one line that names path or file, for a
 * missing path, for what cannot be read or built, and for a duplicate with both places. Namespaces are as written; a render may be empty.
 */
export function createRender(parts: RenderParts): (request: RenderRequest) => Promise<Rendered> {
  return async function render({ directory, target, signal }) {
    const root = await realpath(directory);
    const rendered: Rendered[] = [];
    for (const planned of planPaths(root, target)) {
      rendered.push(await renderPath(parts, { directory: root, target, path: planned.path, signal }, planned.renderer));
    }
    return finish(concatenate(rendered));
  };
}

export interface ContextRequest extends Omit<RenderRequest, 'signal'> {
  readonly path: string;
  readonly signal?: AbortSignal | undefined;
}

/** What one path gives. */
export async function renderPath(parts: RenderParts, request: ContextRequest, renderer: Chosen): Promise<Rendered> {
  return await inContext(parts, request, renderers[renderer]);
}

/** Does something with a path of a target as a renderer would, in a scratch directory of its own. */
export async function inContext<T>(
  parts: RenderParts,
  { directory: root, target, path, signal }: ContextRequest,
  act: (context: RenderContext) => Promise<T>,
): Promise<T> {
  checkStopped(signal);
  await mkdir(parts.scratch, { recursive: true, mode: 0o700 });
  const scratch = await mkdtemp(join(parts.scratch, 'render-'));
  const { tools, searchPath = '/usr/local/bin:/usr/bin:/bin', gitEnvironment = {} } = parts;
  try {
    return await act({ root, path, target, tools, scratch, searchPath, gitEnvironment, signal });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

export interface PlannedPath {
  /** Relative to the checkout. */
  readonly path: string;
  readonly renderer: Chosen;
}

/** Which renderer each path has, in the checkout at `root` (without links); a plain path within another plain one is read with that one. */
export function planPaths(root: string, target: RenderTarget): readonly PlannedPath[] {
  const planned: (PlannedPath & { readonly real: string })[] = [];
  for (const written of target.source.paths) {
    const real = resolveInside(root, written);
    const path = normalize(written).replace(/(?<=.)\/$/, '');
    planned.push({
      path,
      real,
      renderer: target.renderer === 'auto' ? detect(root, path, real) : target.renderer,
    });
  }
  return planned.filter(({ renderer, real }, index) => {
    if (renderer !== 'plain') return true;
    const covered = (other: (typeof planned)[number], place: number): boolean =>
      other.renderer === 'plain' && isInside(other.real, real) && (other.real !== real || place < index);
    return !planned.some((other, place) => place !== index && covered(other, place));
  });
}

function detect(root: string, path: string, real: string): Chosen {
  if (findFluxConfig(root, path)) return 'flux';
  for (const name of kustomizationNames) if (isFile(join(real, name))) return 'kustomize';
  return isFile(join(real, 'Chart.yaml')) ? 'helm' : 'plain';
}

function finish({ manifests, warnings }: Rendered): Rendered {
  const duplicate = findDuplicate(manifests, (object) => object.metadata.namespace);
  if (duplicate) throw duplicateFailure(duplicate);
  if (warnings.length <= maxWarnings) return { manifests, warnings };
  return {
    manifests,
    warnings: [...warnings.slice(0, maxWarnings), `and ${warnings.length - maxWarnings} more like these`],
  };
}
