import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTools, type Tools } from '../../lib/adapters/tools.ts';
import { findApiServerBinaries } from '../../lib/local/apiserver/binaries.ts';
import { startApiServer } from '../../lib/local/apiserver/start.ts';
import { startDelayLine } from '../fakes/delay-line.ts';
import { type GitHttp, startGitHttp } from '../parts/git-http.ts';
import { createRepository, type Repository } from '../parts/repository.ts';
import type { Files } from './manifests.ts';

/** A way to the API server: as near as it gets, or through a proxy that makes a round trip as long as to a remote cluster. */
export interface Link {
  readonly name: string;
  readonly kubeconfig: string;
}

/** What all rows are measured on: one API server, one git server, the peers' programs. */
export interface Stage extends AsyncDisposable {
  readonly links: readonly Link[];
  readonly tools: Tools;
  /** A folder for whatever a row keeps; it goes with the stage. */
  readonly directory: string;
  readonly git: GitHttp;
  /** A repository of these files in one commit, served at `<git.url>/<name>.git`. */
  repository(name: string, files: Files): Promise<Repository>;
  /** `count` repositories that are that one, by their addresses: what is fetched from one is not known of the other. */
  copies(repository: Repository, name: string, count: number): Promise<readonly string[]>;
}

const roundTripMs = 25;

/** Starts an API server of its own, without controllers: they would work on what one round applied during the next. */
export async function openStage(): Promise<Stage> {
  const cache = join(import.meta.dirname, '../../node_modules/.cache/sluice');
  const binaries = await findApiServerBinaries({
    assets: process.env.KUBEBUILDER_ASSETS,
    cache: join(cache, 'kube'),
  });
  if (binaries === undefined) throw new Error('There is no kube-apiserver: set KUBEBUILDER_ASSETS');
  const { etcd, apiServer } = binaries;
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const served = join(directory, 'served');
  await mkdir(served);
  const server = await startApiServer({ etcd, apiServer }, { directory: join(directory, 'kube') });
  const far = join(directory, 'kubeconfig-far');
  const line = await startDelayLine(server.kubeconfig, far, roundTripMs);
  const git = await startGitHttp({ root: served });

  return {
    links: [
      { name: 'loopback', kubeconfig: server.kubeconfig },
      { name: `${roundTripMs} ms`, kubeconfig: far },
    ],
    tools: await createTools({ directory: join(cache, 'tools') })(),
    directory,
    git,
    async repository(name, files) {
      const repository = await createRepository(served, name);
      await repository.commit(files);
      return repository;
    },
    async copies(repository, name, count) {
      const names = Array.from({ length: count }, (_, index) => `${name}-${index}.git`);
      for (const copy of names) await cp(repository.bare, join(served, copy), { recursive: true });
      return names.map((copy) => `${git.url}/${copy}`);
    },
    async [Symbol.asyncDispose]() {
      await git[Symbol.asyncDispose]();
      await line[Symbol.asyncDispose]();
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
