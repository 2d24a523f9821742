import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Apt, type DebianPackage, openApt } from './apt.ts';
import { buildSsh } from './build-ssh.ts';
import { checkGlibc } from './check-glibc.ts';
import { checkMachine } from './check-machine.ts';
import { debianPackages } from './debian-packages.ts';
import type { Ingredients } from './ingredients.ts';
import { runTool } from './run-tool.ts';
import { stagePrograms } from './stage-programs.ts';
import { stageCertificates, stageLicences } from './stage-texts.ts';
import { createZip, type ZipEntry } from './zip.ts';

interface Found {
  readonly shipped: readonly DebianPackage[];
  readonly used: readonly DebianPackage[];
  readonly source: DebianPackage;
}

/** git, ssh, ssh-keygen and gpg for Amazon Linux 2023, of Debian 12's packages as they are today. `directory` keeps apt's lists. */
export async function gitLayer(directory: string): Promise<Ingredients> {
  const compilers = await checkMachine();
  const apt = await openApt(join(directory, 'apt'));
  const found: Found = {
    shipped: await apt.findPackages(debianPackages.shipped),
    used: await apt.findPackages(debianPackages.used),
    source: await apt.findSource(debianPackages.source),
  };
  return { facts: { compilers, found }, build: async () => await build(apt, found) };
}

async function build(apt: Apt, { shipped, used, source }: Found): Promise<Buffer> {
  // Not below the checkout: a compiler's options are parted by spaces.
  const work = await mkdtemp(join(tmpdir(), 'sluice-layer-'));
  try {
    const archives = join(work, 'archives');
    const root = join(work, 'root');
    const layer = join(work, 'layer');
    const git = join(layer, 'git');
    for (const folder of [archives, root, git]) await mkdir(folder, { recursive: true });
    await apt.downloadPackages([...shipped, ...used], archives);
    await apt.downloadSource(source, archives);
    for (const { files } of [...shipped, ...used]) {
      for (const { name } of files) await runTool('dpkg-deb', ['--extract', name, root], { directory: archives });
    }
    const unpacked = { root, ssh: await buildSsh(archives, root, work) };
    await stagePrograms(unpacked, git);
    await stageCertificates(unpacked, git);
    await stageLicences(unpacked, git, shipped, source);
    const entries = await readEntries(layer);
    checkGlibc(entries);
    return createZip(entries);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function readEntries(folder: string): Promise<ZipEntry[]> {
  const entries: ZipEntry[] = [];
  for (const path of await readdir(folder, { recursive: true })) {
    const file = join(folder, path);
    const about = await stat(file);
    if (!about.isFile()) continue;
    entries.push({ path, executable: (about.mode & 0o100) !== 0, data: await readFile(file) });
  }
  return entries;
}
