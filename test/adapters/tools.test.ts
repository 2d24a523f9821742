import { chmod, mkdir, mkdtemp, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTools } from '../../lib/adapters/tools.ts';
import { runCommand } from '../../lib/process.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-tools-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function firstLine(program: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await runCommand(program, args, {
    directory,
    environment: { HOME: directory },
    timeoutSeconds: 30,
  });
  return stdout.toString('utf8').split('\n')[0] ?? '';
}

describe.runIf(process.platform === 'linux' && process.arch === 'x64')('the binaries of the package', () => {
  it('are unpacked once by several at a time, and run', async () => {
    const cache = join(directory, 'cache');
    const [first, second] = await Promise.all([1, 2].map(() => createTools({ directory: cache, layer: '/nowhere' })()));
    expect(second).toEqual(first);
    expect(await firstLine(first?.kubectl ?? '', 'version', '--client')).toMatch(/^Client Version: v1\.35\./);
    expect(await firstLine(first?.helm ?? '', 'version', '--short')).toMatch(/^v4\./);
    expect(await readdir(cache)).toHaveLength(2);
    const before = await stat(first?.kubectl ?? '');
    await createTools({ directory: cache, layer: '/nowhere' })();
    expect((await stat(first?.kubectl ?? '')).mtimeMs).toBe(before.mtimeMs);
  });

  it('are unpacked again where a file was cut short', async () => {
    const cache = join(directory, 'cache');
    const { helm } = await createTools({ directory: cache, layer: '/nowhere' })();
    const { size } = await stat(helm);
    await truncate(helm, 100);
    await createTools({ directory: cache, layer: '/nowhere' })();
    expect((await stat(helm)).size).toBe(size);
  });
});

describe('elsewhere', () => {
  it('the Lambda layer comes first', async () => {
    const layer = join(directory, 'opt');
    await program(join(layer, 'kubectl'), 'kubectl');
    await program(join(layer, 'helm'), 'helm');
    expect(await createTools({ directory: join(directory, 'unused'), layer })()).toEqual({
      kubectl: join(layer, 'kubectl/kubectl'),
      helm: join(layer, 'helm/helm'),
    });
  });

  it('the search path is used on another platform, and a program that is absent is named', async () => {
    const bin = join(directory, 'bin');
    const places = { directory, layer: '/nowhere', platform: 'darwin-arm64', searchPath: `/nowhere:${bin}` };
    await program(bin, 'kubectl');
    const tools = createTools(places);
    await expect(tools()).rejects.toMatchObject({
      fault: 'missing',
      message: 'Cannot find "helm": it is not on the search path, and none comes with Sluice for darwin-arm64',
    });
    await program(bin, 'helm');
    expect(await tools()).toEqual({ kubectl: join(bin, 'kubectl'), helm: join(bin, 'helm') });
  });
});

async function program(path: string, name: string): Promise<void> {
  await mkdir(path, { recursive: true });
  await writeFile(join(path, name), '#!/bin/sh\n');
  await chmod(join(path, name), 0o755);
}
