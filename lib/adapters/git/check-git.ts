import { tmpdir } from 'node:os';
import { asFailure, Failure } from '../../domain/failure.ts';
import { runCommand } from '../../process.ts';

/** The oldest git with which the adapter is tested (DESIGN §4). */
const oldest = [2, 39] as const;
const help = `Install git ${oldest.join('.')} or newer and put it on PATH`;

/** Throws a `missing` Failure unless the git of the search path `path` is there and new enough. */
export async function checkGit(path: string): Promise<void> {
  const version = await versionOf(path);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return;
  throw new Failure('missing', `Cannot use git: it is version ${version}, older than ${oldest.join('.')}`, { help });
}

async function versionOf(path: string): Promise<string> {
  const options = { directory: tmpdir(), environment: { PATH: path }, timeoutSeconds: 20 };
  const ended = await runCommand('git', ['--version'], options).catch(asFailure);
  if (ended instanceof Failure && ended.code !== 'NotStarted') throw ended;
  const found = ended instanceof Failure ? undefined : /\d+\.\d+[.\w-]*/.exec(ended.stdout.toString('utf8'))?.[0];
  if (found !== undefined) return found;
  throw new Failure('missing', 'Cannot use git: there is none on the search path', { help, cause: ended });
}
