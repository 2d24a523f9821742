import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DebianPackage } from './apt.ts';
import type { Unpacked } from './stage-programs.ts';

/** Puts the certificates of the authorities that Mozilla trusts into `layer`, as one file. */
export async function stageCertificates({ root }: Unpacked, layer: string): Promise<void> {
  const folder = join(root, 'usr/share/ca-certificates/mozilla');
  const names = (await readdir(folder)).sort();
  const texts = await Promise.all(names.map(async (name) => await readFile(join(folder, name), 'utf8')));
  await mkdir(join(layer, 'ssl'), { recursive: true });
  await writeFile(join(layer, 'ssl/ca-bundle.crt'), texts.map((text) => `${text.trim()}\n`).join(''));
}

/** Puts the copyright file of every package into `layer`, the licences that they refer to, and what the packages' versions are. */
export async function stageLicences(
  { root, ssh }: Unpacked,
  layer: string,
  packages: readonly DebianPackage[],
  source: DebianPackage,
): Promise<void> {
  const folder = join(layer, 'licenses');
  await mkdir(join(folder, 'common-licenses'), { recursive: true });
  for (const { name } of packages) await copyFile(join(root, 'usr/share/doc', name, 'copyright'), join(folder, name));
  await copyFile(join(ssh, 'debian/copyright'), join(folder, source.name));
  const common = join(root, 'usr/share/common-licenses');
  for (const entry of await readdir(common))
    await copyFile(join(common, entry), join(folder, 'common-licenses', entry));
  const versions = Object.fromEntries([...packages, source].map(({ name, version }) => [name, version]));
  await writeFile(join(layer, 'packages.json'), `${JSON.stringify(versions, undefined, 2)}\n`);
}
