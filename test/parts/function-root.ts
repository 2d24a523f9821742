import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readElf } from '../../infra/layers/elf.ts';
import { run } from './run.ts';

const project = join(import.meta.dirname, '../..');
const libraries = '/lib/x86_64-linux-gnu';
const loader = '/lib64/ld-linux-x86-64.so.2';

/** The C library with what it loads by itself to find users and hosts (nsswitch.conf(5)). */
const cLibrary = [
  ...['libc.so.6', 'libdl.so.2', 'libm.so.6', 'libpthread.so.0', 'libresolv.so.2'],
  ...['libnss_files.so.2', 'libnss_dns.so.2', 'libnss_compat.so.2'],
];

/** Why no process can be given a root of its own here; undefined if it can. */
export async function whyNoRoot(): Promise<string | undefined> {
  return await run('unshare', [...unshared, 'true']).then(
    () => undefined,
    () => 'unshare --mount is not allowed',
  );
}

/** A mount namespace; who is not root becomes it, in a user namespace. */
const unshared = process.getuid?.() === 0 ? ['--mount'] : ['--map-root-user', '--mount'];

/**
 * A root directory that has what a function has and no more: a layer in `/opt`, read-only; the C library; `/bin/sh`; `/dev/null`, `/dev/urandom` and
 * `/etc/passwd`; an empty `/tmp`; the project in `/var/task`; and node in `/var/lang`, whose own libraries are found by LD_LIBRARY_PATH, as in Lambda.
 */
export interface FunctionRoot {
  /** What is in `/tmp` of it. */
  readonly tmp: string;
  /** Runs a module of the project in it, with the text as its argument; gives what it prints. */
  run(module: string, argument: string): Promise<string>;
}

/** `layer` is what a layer's zip unpacks to. */
export async function createFunctionRoot(root: string, layer: string): Promise<FunctionRoot> {
  await provide(root, loader);
  for (const name of cLibrary) await provide(root, join(libraries, name));
  await provide(root, '/bin/sh');
  for (const name of readElf(await readFile(process.execPath))?.needed ?? []) {
    if (cLibrary.includes(name) || loader.endsWith(name)) continue;
    await provide(root, join(libraries, name), join('/var/lang/lib', name));
  }
  await writeInto(root, '/etc/passwd', 'root:x:0:0::/tmp:/bin/sh\n');
  // What is mounted needs something to be mounted on.
  for (const file of ['/dev/null', '/dev/urandom', '/var/lang/bin/node']) await writeInto(root, file, '');
  for (const folder of ['/tmp', '/opt', '/var/task']) await mkdir(join(root, folder), { recursive: true });
  const mounts = [
    `mount --bind /dev/null "$1/dev/null"`,
    `mount --bind /dev/urandom "$1/dev/urandom"`,
    `mount --bind -o ro "$2" "$1/opt"`,
    `mount --bind -o ro "$3" "$1/var/task"`,
    `mount --bind -o ro "$4" "$1/var/lang/bin/node"`,
  ];
  const enter = [...mounts, `exec chroot "$1" /var/lang/bin/node "/var/task/$5" "$6"`].join('\n');
  return {
    tmp: join(root, 'tmp'),
    run: (module, argument) =>
      run(
        'unshare',
        [...unshared, '/bin/sh', '-euc', enter, 'enter', root, layer, project, process.execPath, module, argument],
        { environment: { LD_LIBRARY_PATH: '/var/lang/lib' } },
      ),
  };
}

/** Copies a file of the machine, by default to where it is there. */
async function provide(root: string, file: string, place = file): Promise<void> {
  await mkdir(dirname(join(root, place)), { recursive: true });
  await copyFile(file, join(root, place));
}

async function writeInto(root: string, place: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, place)), { recursive: true });
  await writeFile(join(root, place), text);
}
