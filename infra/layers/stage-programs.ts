import { access, chmod, copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../lib/domain/failure.ts';
import { readElf } from './elf.ts';
import { runTool } from './run-tool.ts';

/** The C library, which is the machine's. */
const cLibrary = ['ld-linux-x86-64.so.2', 'libc.so.6', 'libdl.so.2', 'libm.so.6', 'libpthread.so.0', 'libresolv.so.2'];

export interface Unpacked {
  /** Where Debian's packages are unpacked. */
  readonly root: string;
  /** Where ssh was built. */
  readonly ssh: string;
}

/**
 * Puts the programs into `layer`, and into its `lib` every library that they need, with an rpath to where a function has it. The rpath is a DT_RPATH,
 * which comes before the LD_LIBRARY_PATH of a function, and has no $ORIGIN, which needs /proc (ld.so(8)).
 */
export async function stagePrograms({ root, ssh }: Unpacked, layer: string): Promise<void> {
  const programs = {
    'bin/git': join(root, 'usr/bin/git'),
    'bin/gpg': join(root, 'usr/bin/gpg'),
    'bin/gpg-agent': join(root, 'usr/bin/gpg-agent'),
    'bin/ssh': join(ssh, 'ssh'),
    'bin/ssh-keygen': join(ssh, 'ssh-keygen'),
    // One program under the names that git calls it by. Not links: not everything that unpacks a zip makes them.
    'libexec/git-remote-http': join(root, 'usr/lib/git-core/git-remote-http'),
    'libexec/git-remote-https': join(root, 'usr/lib/git-core/git-remote-http'),
  };
  for (const folder of ['bin', 'lib', 'libexec']) await mkdir(join(layer, folder), { recursive: true });
  for (const [path, from] of Object.entries(programs)) {
    await copyFile(from, join(layer, path));
    await chmod(join(layer, path), 0o755);
  }
  const files = await stageLibraries(root, layer, Object.keys(programs));
  const patchelf = join(root, 'usr/bin/patchelf');
  await runTool(patchelf, ['--force-rpath', '--set-rpath', '/opt/git/lib', ...files], { directory: layer });
}

/** Gives the paths of the programs and of their libraries in the layer. */
async function stageLibraries(root: string, layer: string, programs: readonly string[]): Promise<readonly string[]> {
  const files = new Set(programs);
  // A set is walked to what is added meanwhile: libraries need libraries.
  for (const file of files) {
    for (const name of readElf(await readFile(join(layer, file)))?.needed ?? []) {
      const path = `lib/${name}`;
      if (cLibrary.includes(name) || files.has(path)) continue;
      await copyFile(await findLibrary(root, name, file), join(layer, path));
      await chmod(join(layer, path), 0o644);
      files.add(path);
    }
  }
  return [...files];
}

async function findLibrary(root: string, name: string, neededBy: string): Promise<string> {
  for (const folder of ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu']) {
    const path = join(root, folder, name);
    const isHere = await access(path).then(
      () => true,
      () => false,
    );
    if (isHere) return path;
  }
  throw new Failure('server', `Cannot find "${name}", which ${neededBy} needs: it is in no package of the layer`, {
    help: 'Add its package to infra/layers/debian-packages.ts',
  });
}
