import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Run } from '../../lib/api.ts';
import { describeCluster, type RawApi } from '../parts/api-server.ts';
import { describeShared } from '../shared.ts';
import { readyPods } from './ready-pods.ts';
import { openStage } from './stage.ts';

/** Repositories written for Flux v1, which nobody here wrote. They bring the namespace `demo`, so that one is told after the other. */
describeShared('a repository written for Flux v1', (shared) => {
  describeCluster('syncs unmodified', (kubeconfig) => {
    it('flux-get-started: plain manifests; its HelmReleases are skipped with the reason', async () => {
      const run = await syncCorpus(kubeconfig, join(shared, 'corpus/flux-get-started'), [
        'namespaces',
        'workloads',
        'releases',
      ]);
      expect(run.changes).toEqual({ created: 5, configured: 0, unchanged: 0, deleted: 0, skipped: 3, failed: 0 });
      for (const name of ['ghost', 'mongodb', 'redis']) {
        expect(run.objects).toContainEqual({
          id: `demo:helmrelease/${name}`,
          action: 'skipped',
          error: expect.stringContaining('HelmRelease'),
        });
      }
    });

    it.each(['staging', 'production'])('flux-kustomize-example: %s by its .flux.yaml', async (environment) => {
      const run = await syncCorpus(kubeconfig, join(shared, 'corpus/flux-kustomize-example'), [environment]);
      expect(run.changes).toEqual({ created: 4, configured: 0, unchanged: 0, deleted: 0, skipped: 0, failed: 0 });
    });
  });
});

/** Pushes the folder, syncs it, and then once more, which changes nothing. Everything is removed again. */
async function syncCorpus(kubeconfig: string, directory: string, paths: readonly string[]): Promise<Run> {
  await using stage = await openStage(kubeconfig);
  await using _ = await untilGone(stage.api, 'demo');
  await using _pods = readyPods(stage.api, 'demo');
  const source = { url: stage.repository.url, paths };
  await using serve = await stage.serve({ source, target: { namespace: 'default', timeout: '2m' } });
  const pushed = await serve.push(await filesOf(directory));
  const run = await serve.ended(pushed.run, 60);
  expect(run, serve.output).toMatchObject({ status: 'succeeded' });
  const again = await serve.ended(await serve.sync('shop'), 60);
  expect(again.status).toBe('succeeded');
  expect(again.changes).toMatchObject({ created: 0, configured: 0, deleted: 0, failed: 0 });
  return run;
}

async function filesOf(directory: string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    files[path.slice(directory.length + 1)] = await readFile(path, 'utf8');
  }
  return files;
}

/** Waits until the namespace is not there, and removes it again on disposal. */
async function untilGone(api: RawApi, namespace: string): Promise<AsyncDisposable> {
  const path = `/api/v1/namespaces/${namespace}`;
  async function remove(): Promise<void> {
    for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 200))) {
      if ((await api('DELETE', path)).status === 404) return;
      // Nobody is there to end the pods of a deleted namespace.
      await api('DELETE', `${path}/pods?gracePeriodSeconds=0`);
    }
    throw new Error(`the namespace "${namespace}" is still there after 60 s`);
  }
  await remove();
  return { [Symbol.asyncDispose]: remove };
}
