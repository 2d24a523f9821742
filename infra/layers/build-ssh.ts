import { readdir, utimes } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Failure } from '../../lib/domain/failure.ts';
import { runTool, type ToolOptions } from './run-tool.ts';

/** Debian 12's C library has arc4random, of GLIBC_2.36; without it OpenSSH takes OpenSSL's random numbers (facts/dependencies.md "Git"). */
const withoutArc4random = {
  ac_cv_func_arc4random: 'no',
  ac_cv_func_arc4random_buf: 'no',
  ac_cv_func_arc4random_uniform: 'no',
};

/**
 * Builds `ssh` and `ssh-keygen` of Debian's source package, whose files are in `sources`. `root` holds unpacked the headers and libraries of OpenSSL
 * and zlib. Gives the folder with the two, and Debian's copyright file at `debian/copyright`.
 */
export async function buildSsh(sources: string, root: string, work: string): Promise<string> {
  const folder = join(work, 'openssh');
  const description = (await readdir(sources)).find((name) => name.endsWith('.dsc'));
  if (description === undefined) throw new Failure('server', 'Cannot build ssh: its source package has no .dsc');
  // Its digests were checked when it was downloaded.
  await runTool('dpkg-source', ['--no-check', '--extract', join(sources, description), folder], { directory: work });
  // Debian's patches change configure.ac for sshd, Kerberos and macOS only: the configure that comes with it, though older, will do.
  const now = new Date();
  await utimes(join(folder, 'configure'), now, now);

  const libraries = ['usr/lib/x86_64-linux-gnu', 'lib/x86_64-linux-gnu'].map((path) => join(root, path));
  const headers = ['usr/include', 'usr/include/x86_64-linux-gnu'].map((path) => join(root, path));
  const options: ToolOptions = {
    directory: folder,
    // configure runs what it links.
    environment: { ...withoutArc4random, LD_LIBRARY_PATH: libraries.join(':') },
  };
  await runTool(
    './configure',
    [
      '--prefix=/opt/git',
      '--libexecdir=/opt/git/libexec',
      '--sysconfdir=/etc/ssh',
      '--without-xauth',
      `CPPFLAGS=${headers.map((path) => `-I${path}`).join(' ')}`,
      // No path of this build may be in what comes out of it.
      `CFLAGS=-O2 -ffile-prefix-map=${work}=.`,
      `LDFLAGS=${libraries.map((path) => `-L${path}`).join(' ')}`,
    ],
    options,
  );
  await runTool('make', [`-j${availableParallelism()}`, 'ssh', 'ssh-keygen'], options);
  await runTool('strip', ['ssh', 'ssh-keygen'], options);
  return folder;
}
