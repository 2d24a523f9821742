import { X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { buildLayers } from '../../infra/layers/build-layers.ts';
import { checkGlibc } from '../../infra/layers/check-glibc.ts';
import { checkMachine } from '../../infra/layers/check-machine.ts';
import { type Elf, readElf } from '../../infra/layers/elf.ts';
import { zipOf } from '../../infra/layers/layer-records.ts';
import { type Layer, layersDirectory, listLayers } from '../../infra/layers/list-layers.ts';
import { asFailure } from '../../lib/domain/failure.ts';
import { describeUnless, missingProgram } from '../parts/describe-unless.ts';
import { run } from '../parts/run.ts';

const machine = await checkMachine().then(
  () => undefined,
  (error: unknown) => asFailure(error).message,
);
const minutes = 60_000;
const root = join(import.meta.dirname, '../..');

describeUnless(machine ?? missingProgram('apt-get', 'unzip'), 'the layers', () => {
  let folder: string;
  let elsewhere: string;
  let layers: readonly Layer[];
  let files: readonly string[];

  // What a deploy would publish: it is built here if it is not there.
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-layers-'));
    elsewhere = join(folder, 'another build');
    await buildLayers(layersDirectory);
    await buildLayers(elsewhere);
    layers = await listLayers();
    for (const { zip } of layers) await run('unzip', ['-q', zip, '-d', join(folder, 'opt')]);
    const entries = await readdir(join(folder, 'opt'), { recursive: true, withFileTypes: true });
    files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  }, 30 * minutes);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  function inGit(...path: readonly string[]): string {
    return join(folder, 'opt/git', ...path);
  }

  async function readElfs(): Promise<ReadonlyMap<string, Elf>> {
    const elfs = new Map<string, Elf>();
    for (const file of files) {
      const elf = readElf(await readFile(file));
      if (elf !== undefined) elfs.set(file, elf);
    }
    return elfs;
  }

  it('another build, in another folder, gives the same bytes', async () => {
    const digests = (await listLayers(elsewhere)).map(({ name, sha256 }) => [name, sha256]);
    expect(digests).toEqual(layers.map(({ name, sha256 }) => [name, sha256]));
  });

  it(
    'are left alone where they are made of the same, and made anew where a zip is another',
    async () => {
      const before = await listLayers(elsewhere);
      const { mtimeMs } = await stat(zipOf(elsewhere, 'git'));
      await writeFile(zipOf(elsewhere, 'kubectl'), 'cut short');
      await expect(listLayers(elsewhere)).rejects.toMatchObject({ fault: 'missing', help: 'Run: npm run layers' });
      expect(await buildLayers(elsewhere)).toEqual([
        { name: 'kubectl', isNew: true },
        { name: 'git', isNew: false },
      ]);
      expect(await listLayers(elsewhere)).toEqual(before);
      expect((await stat(zipOf(elsewhere, 'git'))).mtimeMs).toBe(mtimeMs);
    },
    5 * minutes,
  );

  it('leave room for the functions in the 250 MB that Lambda unzips', () => {
    const functions = 30_000_000;
    const unzipped = layers.reduce((sum, layer) => sum + layer.unzippedBytes, 0);
    expect(unzipped + functions).toBeLessThan(250 * 1024 ** 2);
  });

  it('say what is in them', async () => {
    for (const { unzippedBytes } of layers) {
      expect(unzippedBytes).toBeGreaterThan(30_000_000);
    }
    const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
    const total = sizes.reduce((sum, size) => sum + size, 0);
    expect(layers.reduce((sum, layer) => sum + layer.unzippedBytes, 0)).toBe(total);
  });

  it('no program or library needs a symbol newer than GLIBC_2.34', async () => {
    const elfs = await readElfs();
    expect(elfs.size).toBeGreaterThan(40);
    for (const [file, { versions }] of elfs) {
      const minors = versions.flatMap((version) => /^GLIBC_(.*)/.exec(version)?.[1] ?? []);
      for (const version of minors)
        expect(Number(/^2\.(\d+)/.exec(version)?.[1]), `${file} ${version}`).toBeLessThan(35);
    }
  });

  it('every library that one needs is the C library or in the layer, and found there first', async () => {
    const cLibrary = /^(ld-linux-x86-64\.so\.2|lib(c|m)\.so\.6|lib(dl|resolv)\.so\.2|libpthread\.so\.0)$/;
    const libraries = await readdir(inGit('lib'));
    const needed = new Set<string>();
    for (const [file, elf] of await readElfs()) {
      expect(elf.rpath, file).toBe('/opt/git/lib');
      for (const name of elf.needed) if (!cLibrary.test(name)) needed.add(name);
    }
    expect([...needed].sort()).toEqual(libraries.sort());
  });

  it("Debian's own ssh would be refused", async () => {
    const data = await readFile('/usr/bin/ssh');
    expect(() => checkGlibc([{ path: 'git/bin/ssh', executable: true, data }])).toThrow(
      'Cannot put "git/bin/ssh" into the layer: it needs GLIBC_2.36, and a function has GLIBC_2.34',
    );
  });

  it('every package has its copyright file, and every licence that one refers to is there', async () => {
    const versions: Record<string, string> = JSON.parse(await readFile(inGit('packages.json'), 'utf8'));
    expect(versions).toMatchObject({ git: expect.stringMatching(/^1:2\./), openssh: expect.stringMatching(/^9\./) });
    const common = await readdir(inGit('licenses/common-licenses'));
    expect((await readdir(inGit('licenses'))).sort()).toEqual([...Object.keys(versions), 'common-licenses'].sort());
    for (const name of Object.keys(versions)) {
      const text = await readFile(inGit('licenses', name), 'utf8');
      expect(text.length, name).toBeGreaterThan(500);
      for (const [, licence] of text.matchAll(/\/usr\/share\/common-licenses\/([\w.-]*\w)/g)) {
        expect(common, name).toContain(licence);
      }
    }
  });

  it('whoever a function runs as may read every file and start every program', async () => {
    for (const file of files) {
      const isProgram = /\/(bin|libexec|kubectl|helm)\/[^/]+$/.test(file);
      expect((await stat(file)).mode & 0o777, file).toBe(isProgram ? 0o755 : 0o644);
    }
  });

  it('the certificates are those of many authorities', async () => {
    const bundle = await readFile(inGit('ssl/ca-bundle.crt'), 'utf8');
    const certificates = bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n/g) ?? [];
    expect(certificates.length).toBeGreaterThan(100);
    expect(certificates.join('')).toBe(bundle);
    for (const certificate of certificates) expect(new X509Certificate(certificate).ca).toBe(true);
  });
});

it('a layer that has not been built is asked for', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-layers-'));
  await mkdir(join(folder, '.layers'));
  await expect(listLayers(join(folder, '.layers'))).rejects.toMatchObject({
    fault: 'missing',
    message: 'Cannot use the layer "kubectl": it has not been built',
    help: 'Run: npm run layers',
  });
  await rm(folder, { recursive: true });
});

it("the container builds with this checkout's node", async () => {
  const { optionalDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const dockerfile = await readFile(join(root, 'infra/layers/Dockerfile'), 'utf8');
  expect(dockerfile).toContain(`FROM node:${optionalDependencies.node}-bookworm AS build\n`);
});

it('licences are told as Lambda takes them', async () => {
  const template = parse(await readFile(join(root, 'serverless.layers.yml'), 'utf8'));
  for (const { licenseInfo } of Object.values<{ licenseInfo: string }>(template.layers))
    expect(licenseInfo.length).toBeLessThanOrEqual(512);
});
