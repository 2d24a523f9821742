import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Run } from '../../lib/api.ts';
import { describeCluster } from '../parts/api-server.ts';
import { type GitHttp, startGitHttp } from '../parts/git-http.ts';
import { createRepository, type Repository } from '../parts/repository.ts';
import { configMap, openStage, type Stage, type StageServe } from './stage.ts';

const again = 'It is tried again after 5 s';

/** What is wrong with the server or the settings of a target; `URL` in the message is the repository's address. */
interface Bad {
  /** `open` needs no token, nothing listens at `closed`. */
  readonly server?: 'open' | 'locked' | 'silent' | 'faulty' | 'closed';
  readonly source?: Readonly<Record<string, unknown>>;
  readonly status: 'failed' | 'queued';
  readonly message: string;
  readonly help: string;
}

const sources: Readonly<Record<string, Bad>> = {
  'unknown-branch': {
    source: { branch: 'release' },
    status: 'failed',
    message: 'Cannot find the branch "release" of "URL": there is no such branch',
    help: 'There is main',
  },
  'empty-repository': {
    status: 'failed',
    message: 'Cannot find the branch "main" of "URL": the repository is empty',
    help: 'Push a first commit',
  },
  'missing-path': {
    source: { paths: ['clusters/staging'] },
    status: 'failed',
    message: 'Cannot check out "clusters/staging" of "URL": it is not there at commit COMMIT',
    help: 'Correct source.paths, or push the path',
  },
  'no-repository': {
    status: 'failed',
    message: 'Cannot read "URL": there is no such repository, or the credentials do not show it',
    help: 'Correct source.url, or add auth if the repository is private',
  },
  'no-token': {
    server: 'locked',
    status: 'failed',
    message: 'Cannot read "URL": the server refuses the credentials',
    help: 'The source has no credentials: add auth',
  },
  'wrong-token': {
    server: 'locked',
    source: { auth: { token: { file: 'git-token' } } },
    status: 'failed',
    message: 'Cannot read "URL": the server refuses the credentials',
    help: 'Check the secret { file: git-token }, and that it may read this repository',
  },
  'missing-secret': {
    server: 'locked',
    source: { auth: { token: { file: 'no-such-file' } } },
    status: 'failed',
    message: 'Cannot read the secret "{ file: no-such-file }": no such file',
    help: 'Set it where sluice runs, or correct its reference in sluice.yaml',
  },
  'nothing-listens': {
    server: 'closed',
    status: 'queued',
    message: `Cannot read "URL": the server does not answer (Failed to connect to 127.0.0.1 port 1: Couldn't connect to server)`,
    help: again,
  },
  'server-error': {
    server: 'faulty',
    status: 'queued',
    message: 'Cannot read "URL": the server does not answer (The requested URL returned error: 503)',
    help: again,
  },
  'no-answer': {
    server: 'silent',
    status: 'queued',
    message:
      'Cannot read "URL": the server does not answer (Operation too slow. Less than 1000 bytes/sec transferred the last 20 seconds)',
    help: again,
  },
};

describeCluster('a repository that cannot be read', (kubeconfig) => {
  const repositories = new Map<string, Repository>();
  const runs = new Map<string, Run>();
  const servers = new Map<string, GitHttp>();
  const token = 'canary-right-token';
  let stage: Stage;
  let serve: StageServe;

  function urlOf(name: string): string {
    const { server = 'open' } = sources[name] ?? {};
    return `${servers.get(server)?.url ?? 'http://127.0.0.1:1'}/${name}.git`;
  }

  beforeAll(async () => {
    stage = await openStage(kubeconfig);
    const root = join(stage.directory, 'forge');
    await mkdir(root);
    for (const name of ['open', 'faulty', 'silent']) servers.set(name, await startGitHttp({ root }));
    servers.set('locked', await startGitHttp({ root, password: token }));
    await Promise.all(
      Object.keys(sources).map(async (name) => repositories.set(name, await createRepository(root, name))),
    );
    for (const [name, repository] of repositories) {
      if (name !== 'empty-repository') await repository.commit({ 'a.yaml': configMap(name) });
    }
    await rm(join(root, 'no-repository.git'), { recursive: true });
    const others = Object.entries(sources).map(([name, { source }]) =>
      stage.targetOf(name, { source: { url: urlOf(name), branch: 'main', ...source } }),
    );
    serve = await stage.serve({ others, secrets: { 'git-token': 'canary-wrong-token' } });
    setFault('faulty', 503);
    setFault('silent', 'hang');
    await Promise.all(
      Object.keys(sources).map(async (name) => runs.set(name, await attempted(await serve.sync(name)))),
    );
  });
  afterAll(async () => {
    await serve[Symbol.asyncDispose]();
    for (const server of servers.values()) await server[Symbol.asyncDispose]();
    await stage[Symbol.asyncDispose]();
  });

  function setFault(name: string, fault: GitHttp['fault']): void {
    const server = servers.get(name);
    if (server !== undefined) server.fault = fault;
  }

  /** The run after its first attempt. */
  async function attempted(id: string): Promise<Run> {
    for (let tries = 0; tries < 600; tries++) {
      const run = await serve.run(id);
      if (run.error !== undefined || run.finishedAt !== undefined) return run;
      await sleep(100);
    }
    throw new Error(`after a minute nothing was said of run ${id}`);
  }

  it.each(Object.entries(sources))('%s: the run says in one line what, where and what to do', async (name, bad) => {
    const { status, error, changes } = runs.get(name) ?? {};
    const said = error?.message.replaceAll(urlOf(name), 'URL').replace(/[0-9a-f]{40}/, 'COMMIT');
    expect({ status, message: said, help: error?.help }).toEqual({
      status: bad.status,
      message: bad.message,
      help: bad.help,
    });
    expect(Object.values(changes ?? {}).some((count) => count > 0)).toBe(false);
  });

  it('shows no token, right or wrong', () => {
    expect(JSON.stringify([...runs.values()])).not.toContain('canary');
    expect(serve.output).not.toContain('canary');
  });

  describe('is synced', () => {
    it('by the same run once its server answers again', async () => {
      setFault('faulty', undefined);
      const { id = '' } = runs.get('server-error') ?? {};
      expect(await serve.ended(id, 50)).toMatchObject({ status: 'succeeded', changes: { created: 1 } });
    });

    it('at the next sync once its secret is right, without a restart', async () => {
      await writeFile(join(serve.directory, 'git-token'), token);
      expect(await serve.ended(await serve.sync('wrong-token'))).toMatchObject({ status: 'succeeded' });
    });

    it('once there is a first commit', async () => {
      await repositories.get('empty-repository')?.commit({ 'a.yaml': configMap('first') });
      expect(await serve.ended(await serve.sync('empty-repository'))).toMatchObject({ changes: { created: 1 } });
    });

    it('from a server that sends 2,000 bytes a second', async () => {
      const server = servers.get('open');
      if (server === undefined) throw new Error('there is no server');
      await repositories.get('empty-repository')?.commit({ 'b.yaml': configMap('second') });
      server.bytesPerSecond = 2000;
      const run = await serve.ended(await serve.sync('empty-repository'), 60);
      server.bytesPerSecond = undefined;
      expect(run).toMatchObject({ status: 'succeeded', changes: { created: 1, unchanged: 1 } });
    });

    it('to a history that was rewritten, what is not in it deleted', async () => {
      const repository = repositories.get('empty-repository');
      await repository?.git('checkout', '-q', '--orphan', 'anew');
      await repository?.git('rm', '-q', '-r', '--force', '.');
      await repository?.git('commit', '-q', '--allow-empty', '-m', 'anew');
      await repository?.git('branch', '-M', 'main');
      await repository?.commit({ 'c.yaml': configMap('third') });
      expect(await serve.ended(await serve.sync('empty-repository'))).toMatchObject({
        status: 'succeeded',
        changes: { created: 1, deleted: 2 },
      });
    });
  });
});
