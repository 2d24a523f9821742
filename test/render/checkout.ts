import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach } from 'vitest';
import { Failure } from '../../lib/domain/failure.ts';
import type { Rendered, RenderTarget } from '../../lib/domain/objects/rendered.ts';
import { createRender } from '../../lib/render/render.ts';
import { tools } from './tools.ts';

const made: string[] = [];
afterEach(async () => {
  for (const directory of made.splice(0)) await rm(directory, { recursive: true, force: true });
});

/** A directory outside of every checkout, removed after the test. */
export async function makeDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-render-'));
  made.push(directory);
  return directory;
}

/** A checkout with these files, removed after the test. */
export async function makeCheckout(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const directory = await makeDirectory();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), content);
  }
  return directory;
}

export type Settings = Partial<Omit<RenderTarget, 'source'>> & { readonly paths?: string[] };

export function targetWith({ paths = ['.'], ...settings }: Settings = {}): RenderTarget {
  return {
    name: 'shop',
    source: { url: 'https://git.example/shop.git', branch: 'main', paths, verify: { mode: 'none', keys: [] } },
    renderer: 'auto',
    values: {},
    valuesFiles: [],
    allowCommands: false,
    allowRemoteBases: false,
    namespace: 'default',
    timeout: 60,
    ...settings,
  };
}

/** Renders with the real tools. */
export async function renderIn(directory: string, settings?: Settings, signal?: AbortSignal): Promise<Rendered> {
  const scratch = await makeDirectory();
  return createRender({ tools, scratch })({ directory, target: targetWith(settings), ...(signal && { signal }) });
}

/** The Failure that rendering ends with. */
export async function failureOf(rendering: Promise<Rendered>): Promise<Failure> {
  const error = await rendering.then(
    () => new Error('it was rendered'),
    (reason: unknown) => reason,
  );
  if (error instanceof Failure) return error;
  throw error;
}

/** `file: Kind/name` of each manifest, in order. */
export function listOf({ manifests }: Rendered): readonly string[] {
  return manifests.map(({ object, file }) => `${file}: ${object.kind}/${object.metadata.name}`);
}

export function configMap(name: string, data = 'a: b'): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  ${data}\n`;
}
