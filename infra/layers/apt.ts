import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from '../../lib/domain/digest.ts';
import { Failure } from '../../lib/domain/failure.ts';
import { runTool } from './run-tool.ts';

/** A binary package of Debian's, which is one file, or a source package, which is several. */
export interface DebianPackage {
  readonly name: string;
  readonly version: string;
  readonly files: readonly { readonly name: string; readonly sha256: string }[];
}

/** Debian's archive, by the machine's apt. */
export interface Apt {
  /** The newest of each, sorted by name. Throws if there is none. */
  findPackages(names: readonly string[]): Promise<readonly DebianPackage[]>;
  findSource(name: string): Promise<DebianPackage>;
  /** Downloads the files into the folder. Throws if one is not what was found. */
  downloadPackages(packages: readonly DebianPackage[], folder: string): Promise<void>;
  downloadSource(source: DebianPackage, folder: string): Promise<void>;
}

const settings = [
  'Acquire::Languages=none',
  'Acquire::Retries=3',
  'APT::Update::Error-Mode=any',
  // Another user could not write where we do.
  'APT::Sandbox::User=root',
  // Neither what is installed here nor what somebody prefers has a say.
  'Dir::State::status=/dev/null',
  'Dir::Etc::preferences=/dev/null',
  'Dir::Etc::preferencesparts=/dev/null',
];

/**
 * apt with lists of its own in `directory`: nothing of the machine's changes, and nobody has to be root. Of the machine's sources it takes those of
 * Debian 12, signed with Debian's keys, and their source packages too.
 */
export async function openApt(directory: string): Promise<Apt> {
  await mkdir(join(directory, 'lists/partial'), { recursive: true });
  await mkdir(join(directory, 'archives/partial'), { recursive: true });
  const own = [...settings, `Dir::State=${directory}`, `Dir::Cache=${directory}`];
  const list = join(directory, 'sources.list');
  await writeFile(list, debianSources(await apt(own, ['update', '--print-uris'], directory)));
  own.push(`Dir::Etc::sourcelist=${list}`, 'Dir::Etc::sourceparts=/dev/null');
  await apt(own, ['update'], directory);
  return {
    async findPackages(names) {
      const files = readUris(await apt(own, ['download', '--print-uris', ...names], directory));
      const found = files.map((file) => ({ ...identityOf(file.name), files: [file] }));
      return found.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async findSource(name) {
      const files = readUris(await apt(own, ['source', '--download-only', '--print-uris', name], directory));
      const description = files.find((file) => file.name.endsWith('.dsc'));
      return { ...identityOf(description?.name ?? name), files };
    },
    async downloadPackages(packages, folder) {
      await apt(own, ['download', ...packages.map(({ name, version }) => `${name}=${version}`)], folder);
      for (const found of packages) await checkFiles(found, folder);
    },
    async downloadSource(source, folder) {
      await apt(own, ['source', '--download-only', source.name], folder);
      await checkFiles(source, folder);
    },
  };
}

async function apt(options: readonly string[], args: readonly string[], directory: string): Promise<string> {
  return await runTool('apt-get', [...args, '--quiet', ...options.flatMap((option) => ['-o', option])], {
    directory,
    help: "apt has to reach Debian's archive; it takes its proxy from its own settings",
  });
}

/** Sources, of the addresses `'<base>/dists/bookworm/main/binary-amd64/Packages.xz'` that apt would read. */
function debianSources(uris: string): string {
  const packages = /^'(.+)\/dists\/(bookworm(?:-updates|-security)?)\/main\/binary-amd64\/Packages/gm;
  const lines = [...uris.matchAll(packages)].flatMap(([, base, suite]) => {
    const source = `[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${base} ${suite} main`;
    return [`deb ${source}`, `deb-src ${source}`];
  });
  if (lines.length > 0) return `${lines.join('\n')}\n`;
  throw new Failure('missing', 'Cannot find the packages of Debian 12: no source of apt has "bookworm main"');
}

/** Reads `'<address>' <file> <bytes> SHA256:<digest>`. */
function readUris(printed: string): { readonly name: string; readonly sha256: string }[] {
  const uris = printed.matchAll(/^'[^']+' (\S+) \d+ SHA256:([0-9a-f]{64})$/gm);
  return [...uris].map(([, name = '', sha256 = '']) => ({ name, sha256 }));
}

/** `git_1%3a2.39.5-0+deb12u3_amd64.deb`: the colon of an epoch is written as apt writes it. */
function identityOf(file: string): { readonly name: string; readonly version: string } {
  const [name = '', version = ''] = file.replace(/\.dsc$/, '').split('_');
  return { name, version: decodeURIComponent(version) };
}

async function checkFiles({ files }: DebianPackage, folder: string): Promise<void> {
  for (const { name, sha256 } of files) {
    if (sha256Hex(await readFile(join(folder, name))) === sha256) continue;
    throw new Failure('server', `Cannot use "${name}": it is not what Debian's index says`);
  }
}
