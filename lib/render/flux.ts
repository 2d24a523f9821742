import { join } from 'node:path';
import { Failure } from '../domain/failure.ts';
import type { Rendered } from '../domain/objects/rendered.ts';
import { resolveInside } from './checkout-path.ts';
import { understandCommand } from './flux-command.ts';
import { type Command, findFluxConfig, readFluxConfig } from './flux-config.ts';
import { firstLine, runInShell } from './flux-shell.ts';
import { templateChart } from './helm.ts';
import { renderKustomize } from './kustomize.ts';
import { patchManifests } from './patch-manifests.ts';
import { renderPlain } from './plain.ts';
import { readBounded } from './read-bounded.ts';
import { readManifests, readPrinted } from './read-manifests.ts';
import { concatenate, type RenderContext } from './renderer.ts';

/** What the nearest `.flux.yaml` says about the path (facts/flux-v1.md §1.7). */
export async function renderFlux(context: RenderContext): Promise<Rendered> {
  const { root, path } = context;
  const place = findFluxConfig(root, path);
  if (!place) {
    throw new Failure('user', `Cannot render "${path}": there is no .flux.yaml in it or above it in the repository`);
  }
  const config = readFluxConfig(root, place.file);
  const inDirectory = { ...context, path: place.directory };
  if (config.mode === 'scanForFiles') return renderPlain(inDirectory);
  const generated = await runGenerators(inDirectory, config.generators);
  return config.mode === 'patchUpdated' ? applyPatchFile(inDirectory, generated, config.patchFile) : generated;
}

/** What the generators make in the directory `context.path`, without patches. */
export async function runGenerators(context: RenderContext, generators: readonly Command[]): Promise<Rendered> {
  const parts: Rendered[] = [];
  for (const generator of generators) parts.push(await runGenerator(context, generator));
  return concatenate(parts);
}

/** Runs one generator in the directory `context.path`: without a shell if it is understood, else through one if the target allows it. */
export async function runGenerator(context: RenderContext, generator: Command): Promise<Rendered> {
  const timeout = Math.min(generator.timeout ?? context.target.timeout, context.target.timeout);
  const limited: RenderContext = { ...context, target: { ...context.target, timeout } };
  const command = understandCommand(generator.command);
  switch (command?.tool) {
    case 'kustomize':
      return renderKustomize({ ...limited, path: within(context, command.directory) });
    case 'cat':
      return concatenateFiles(limited, command.files);
    case 'helm': {
      const options: string[] = [];
      for (const { flag, value, file } of command.options) {
        const resolved = file === undefined ? value : resolveInside(context.root, within(context, file));
        options.push(flag, ...(resolved === undefined ? [] : [resolved]));
      }
      const name = command.name === undefined ? [] : [command.name];
      return templateChart(limited, within(context, command.chart), [...name, ...options]);
    }
    case undefined:
      return readPrinted(
        await runInShell(limited, { command: generator.command, timeoutSeconds: timeout, role: 'generator' }),
        `${context.path}: ${firstLine(generator.command)}`,
      );
  }
}

/** A path that a generator names, which is relative to the directory it runs in. */
function within(context: RenderContext, path: string): string {
  return path.startsWith('/') ? path : join(context.path, path);
}

function concatenateFiles(context: RenderContext, files: readonly string[]): Rendered {
  const parts: Rendered[] = [];
  for (const file of files) {
    const name = within(context, file);
    parts.push(readManifests(readBounded(resolveInside(context.root, name), name), name, { withoutKind: 'refuse' }));
  }
  return concatenate(parts);
}

/** A patch file that is not there yet patches nothing: Flux makes it at the first image update. */
function applyPatchFile(context: RenderContext, generated: Rendered, patchFile: string): Rendered {
  const name = within(context, patchFile);
  const path = resolveIfThere(context.root, name);
  if (path === undefined) return generated;
  const patches = readManifests(readBounded(path, name), name, { withoutKind: 'refuse' });
  return { ...generated, manifests: patchManifests(generated.manifests, patches.manifests) };
}

function resolveIfThere(root: string, path: string): string | undefined {
  try {
    return resolveInside(root, path);
  } catch (error) {
    if (error instanceof Failure && error.code === 'NotFound') return undefined;
    throw error;
  }
}
