import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKubeApi } from '../../lib/local/kube-api/start.ts';
import { type Serve, startServe } from '../e2e/serve.ts';
import { type GitHttp, startGitHttp } from '../parts/git-http.ts';
import { createRepository } from '../parts/repository.ts';
import { type LoadTarget, webhooks } from './deliveries.ts';

export interface LoadWorld extends AsyncDisposable {
  readonly serve: Serve;
  readonly git: GitHttp;
  readonly targets: readonly LoadTarget[];
}

/** `sluice serve` with `count` targets, each with a repository of its own, on a git server and a cluster double in this process. */
export async function openWorld(count: number): Promise<LoadWorld> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-load-'));
  const served = join(directory, 'served');
  await mkdir(served);
  const repository = await createRepository(directory, 'shop');
  // One repository holds all of them, each in a folder of its own; each target has a copy at an address of its own.
  const names = Array.from({ length: count }, (_, index) => `shop-${index}`);
  const head = await repository.commit(
    Object.fromEntries(names.map((name) => [`${name}/prices.yaml`, pricesOf(name)])),
  );
  const git = await startGitHttp({ root: served });
  const cluster = await startKubeApi();
  const targets: LoadTarget[] = [];
  for (const name of names) {
    await cp(repository.bare, join(served, `${name}.git`), { recursive: true });
    targets.push({ name, url: `${git.url}/${name}.git`, head });
  }
  const serve = await startServe({
    settings: {
      webhooks,
      targets: targets.map(({ name, url }) => ({
        name,
        source: { url, branch: 'main', paths: [name] },
        cluster: { kubeconfig: { file: 'kubeconfig' } },
        interval: 0,
      })),
    },
    secrets: { kubeconfig: cluster.kubeconfig },
  });
  return {
    serve,
    git,
    targets,
    async [Symbol.asyncDispose]() {
      await serve[Symbol.asyncDispose]();
      await git[Symbol.asyncDispose]();
      await cluster.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function pricesOf(name: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default' },
    data: { apple: '1' },
  });
}
