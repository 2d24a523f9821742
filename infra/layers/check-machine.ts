import { readFile } from 'node:fs/promises';
import { Failure } from '../../lib/domain/failure.ts';
import { runCommand } from '../../lib/process.ts';

/** Compiles and links ssh, and unpacks its source. */
const compilers = ['binutils', 'dpkg-dev', 'gcc', 'gcc-12', 'libc6-dev', 'make'];

const help =
  'Build it in a container: docker build --platform linux/amd64 --file infra/layers/Dockerfile --output .layers .';

/**
 * The compilers with their versions, which may leave traces in what they make. Throws a `missing` Failure if this is not Debian 12 on x86-64, whose
 * libraries are the newest that Amazon Linux 2023 takes, or has no compiler.
 */
export async function checkMachine(): Promise<readonly string[]> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  if (!/^ID=debian$/m.test(release) || !/^VERSION_ID="12"$/m.test(release) || process.arch !== 'x64') {
    throw new Failure('missing', 'Cannot build the git layer here: this is not Debian 12 on x86-64', { help });
  }
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the placeholders of dpkg-query(1).
  const format = '${db:Status-Status} ${Package} ${Version}\n';
  const { stdout } = await runCommand('dpkg-query', ['--show', '--showformat', format, ...compilers], {
    directory: '/',
    environment: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    timeoutSeconds: 60,
  });
  const lines = stdout.toString('utf8').split('\n');
  const installed = lines
    .filter((line) => line.startsWith('installed '))
    .map((line) => line.slice('installed '.length));
  const missing = compilers.filter((name) => !installed.some((line) => line.startsWith(`${name} `)));
  if (missing.length === 0) return installed;
  throw new Failure('missing', `Cannot build the git layer here: there is no ${missing.join(', ')}`, {
    help: `apt-get install --no-install-recommends ${missing.join(' ')}`,
  });
}
