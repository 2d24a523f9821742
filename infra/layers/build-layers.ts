import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromBufferPromise } from 'yauzl';
import { acquireLock } from '../../lib/adapters/git/lock.ts';
import { digestOf, sha256Hex } from '../../lib/domain/digest.ts';
import { Failure } from '../../lib/domain/failure.ts';
import { gitLayer } from './git-layer.ts';
import type { Ingredients } from './ingredients.ts';
import { kubectlLayer } from './kubectl-layer.ts';
import { isWhole, type LayerName, type LayerRecord, readRecords, recordsOf, zipOf } from './layer-records.ts';

export interface Built {
  readonly name: LayerName;
  /** False: it was there already, made of the same. */
  readonly isNew: boolean;
}

const recipes: Readonly<Record<LayerName, (directory: string) => Promise<Ingredients>>> = {
  kubectl: kubectlLayer,
  git: gitLayer,
};
const patienceSeconds = 1800;

/** Builds into `directory` the layers that are not there or are made of something else by now; who comes second waits for the first. */
export async function buildLayers(directory: string): Promise<readonly Built[]> {
  await mkdir(directory, { recursive: true });
  await using _lock = await lock(directory);
  const before = await readRecords(directory);
  const scripts = await digestOfScripts();
  const records: LayerRecord[] = [];
  for (const name of ['kubectl', 'git'] as const) {
    const { facts, build } = await recipes[name](directory);
    const ingredients = digestOf({ facts, scripts });
    const known = before.find((record) => record.name === name && record.ingredients === ingredients);
    if (known !== undefined && (await isWhole(directory, known))) {
      records.push(known);
      continue;
    }
    const zip = await build();
    await writeWhole(zipOf(directory, name), zip);
    records.push({ name, ingredients, sha256: sha256Hex(zip), unzippedBytes: await unzippedBytes(zip) });
  }
  await writeWhole(recordsOf(directory), `${JSON.stringify(records, undefined, 2)}\n`);
  return records.map((record) => ({ name: record.name, isNew: !before.includes(record) }));
}

async function lock(directory: string): Promise<AsyncDisposable> {
  return await acquireLock(join(directory, 'lock'), patienceSeconds).catch((cause: unknown) => {
    if (!(cause instanceof Failure)) throw cause;
    throw new Failure('server', `Cannot build the layers: another build is at it in "${directory}"`, { cause });
  });
}

/** What the scripts would do with the same packages: their texts, and how zlib deflates. */
async function digestOfScripts(): Promise<string> {
  const folder = import.meta.dirname;
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts')).sort();
  const texts = await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')]));
  return digestOf([texts, process.versions.zlib]);
}

async function unzippedBytes(bytes: Buffer): Promise<number> {
  const zip = await fromBufferPromise(bytes, { lazyEntries: true });
  let total = 0;
  for await (const entry of zip.eachEntry()) total += entry.uncompressedSize;
  return total;
}

/** Nobody ever reads half of it. */
async function writeWhole(path: string, content: string | Buffer): Promise<void> {
  await writeFile(`${path}.partial`, content);
  await rename(`${path}.partial`, path);
}
