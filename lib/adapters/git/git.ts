import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkout, CheckoutOptions, Git, ReadSecret } from '../../app/ports.ts';
import { Failure } from '../../domain/failure.ts';
import type { Source } from '../../domain/settings/settings.ts';
import { withoutCredentials } from './address.ts';
import { createGitCommand } from './command.ts';
import { fullDisk } from './failures.ts';
import { listRefs } from './fetch.ts';
import { createGithubApps } from './github-app.ts';
import { openJob } from './job.ts';
import { openRemote, type Workshop } from './remote.ts';
import { trustedCommit } from './trusted-commit.ts';
import { writeRepository } from './write-repository.ts';

export interface GitOptions {
  /** A folder for caches and jobs, made if it is not there; below it everything is 0700. */
  readonly scratch: string;
  readonly readSecret: ReadSecret;
  /** Local runs: `file://` and `http://` to any host are allowed. */
  readonly allowLocal: boolean;
  /** PATH of git, ssh, gpg. Default `/usr/local/bin:/usr/bin:/bin`. */
  readonly path?: string;
  /** What a bundled git needs beside (GIT_EXEC_PATH, GIT_SSL_CAINFO, proxies). No secrets. */
  readonly environment?: Readonly<Record<string, string>>;
  /** How long the answer of a server to `head` and to one fetch may take. Default 30 and 300. */
  readonly headSeconds?: number;
  readonly fetchSeconds?: number;
  /** Bytes of a file (default 50 MiB), of a checkout or a fetch (1 GiB), of all caches (half of the disk). */
  readonly fileBytes?: number;
  readonly checkoutBytes?: number;
  readonly cacheBytes?: number;
  /** The API that gives tokens of GitHub Apps, instead of the one of the repository's host. */
  readonly githubApi?: string;
}

/**
 * Reads repositories with the git binary, 2.39 or newer (DESIGN §4). Beside what the port says, a Failure of `checkout` has the code
 * `Moved` when the commit is no longer at the server (resolve the head again), `NotVerified` for signatures, `DiskFull`, `TooLarge`.
 */
export function createGit(options: GitOptions): Git {
  const path = options.path ?? '/usr/local/bin:/usr/bin:/bin';
  const jobs = join(options.scratch, 'git', 'jobs');
  const workshop: Workshop = {
    git: createGitCommand({ path, environment: options.environment ?? {} }),
    path,
    caches: join(options.scratch, 'git', 'caches'),
    cacheBytes: options.cacheBytes,
    readSecret: options.readSecret,
    githubApps: createGithubApps(options.readSecret, options.githubApi),
    allowLocal: options.allowLocal,
    timeoutSeconds: options.fetchSeconds ?? 300,
    limits: { fileBytes: options.fileBytes ?? 50 * 1024 ** 2, checkoutBytes: options.checkoutBytes ?? 1024 ** 3 },
  };

  async function head(source: Source, signal?: AbortSignal): Promise<string> {
    try {
      return await findHead(source, signal);
    } catch (error) {
      throw explained(error);
    }
  }

  async function findHead(source: Source, signal?: AbortSignal): Promise<string> {
    await using job = await openJob(jobs);
    const remote = {
      ...(await openRemote(workshop, source, job.directory, signal)),
      timeoutSeconds: options.headSeconds ?? 30,
    };
    const name = `refs/heads/${source.branch}`;
    const found = (await listRefs(remote, [name])).find((ref) => ref.name === name);
    if (found !== undefined) return found.commit;
    const about = `Cannot find the branch "${source.branch}" of "${withoutCredentials(source.url)}"`;
    const branches = (await listRefs(remote, ['refs/heads/*'])).map((ref) => ref.name.replace('refs/heads/', ''));
    if (branches.length === 0)
      throw new Failure('missing', `${about}: the repository is empty`, {
        code: 'NoBranch',
        help: 'Push a first commit',
      });
    const some = branches.slice(0, 5).join(', ').slice(0, 300);
    throw new Failure('missing', `${about}: there is no such branch`, { code: 'NoBranch', help: `There is ${some}` });
  }

  async function checkout(source: Source, commit: string, request: CheckoutOptions): Promise<Checkout> {
    const job = await openJob(jobs).catch((error: unknown) => {
      throw explained(error);
    });
    try {
      const remote = await openRemote(workshop, source, job.directory, request.signal);
      const trusted = await trustedCommit(workshop, remote, source, commit, request.verifiedUpTo);
      const directory = join(job.directory, 'tree');
      await mkdir(directory, { mode: 0o700 });
      const treeId = await writeRepository(workshop, {
        source: { ...source, paths: [...source.paths, ...(request.files ?? [])] },
        remote,
        commit: trusted.commit,
        directory,
        submodules: request.submodules,
      });
      // What renders next may start commands: nothing but the files stays, least of all the credentials.
      await rm(remote.home, { recursive: true, force: true });
      return { ...trusted, directory, treeId, [Symbol.asyncDispose]: () => job[Symbol.asyncDispose]() };
    } catch (error) {
      await job[Symbol.asyncDispose]();
      throw explained(error);
    }
  }
  return { head, checkout };
}

function explained(error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return !(error instanceof Failure) && (code === 'ENOSPC' || code === 'EDQUOT') ? fullDisk(error) : error;
}
