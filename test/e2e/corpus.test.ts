import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Run } from '../../lib/api.ts';
import { describeCluster, type RawApi } from '../parts/api-server.ts';
import { run } from '../parts/run.ts';
import { describeShared } from '../shared.ts';
import { readyPods } from './ready-pods.ts';
import { hasRegistry, openTheatre } from './registry-theatre.ts';
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

    it.skipIf(!hasRegistry)(
      'flux-get-started: a pushed image is written to the line that had the old one',
      async () => {
        const { changed, host } = await releaseCorpus(kubeconfig, join(shared, 'corpus/flux-get-started'), {
          paths: ['namespaces', 'workloads', 'releases'],
          used: ['stefanprodan/podinfo:3.1.0', 'alpine:3.10.1', 'bitnami/redis:5.0.7', 'bitnami/mongodb:4.0.13'],
          pushed: [
            // The first of each is for the workload, the second not by its filter.
            'stefanprodan/podinfo:3.1.5',
            'stefanprodan/podinfo:3.2.0',
            'alpine:3.10.3',
            'alpine:3.11.0',
            // Locked, and not automated.
            'bitnami/redis:5.0.9',
            'bitnami/mongodb:4.0.20',
          ],
        });
        expect(changed).toEqual([
          '--- a/workloads/podinfo-dep.yaml',
          '+++ b/workloads/podinfo-dep.yaml',
          `-        image: ${host}/alpine:3.10.1`,
          `+        image: ${host}/alpine:3.10.3`,
          `-        image: ${host}/stefanprodan/podinfo:3.1.0`,
          `+        image: ${host}/stefanprodan/podinfo:3.1.5`,
        ]);
      },
    );

    it.skipIf(!hasRegistry)('flux-kustomize-example: a pushed image is written to the patch of staging', async () => {
      const { changed, host } = await releaseCorpus(kubeconfig, join(shared, 'corpus/flux-kustomize-example'), {
        paths: ['staging'],
        used: ['stefanprodan/podinfo:1.4.4'],
        pushed: ['stefanprodan/podinfo:1.4.9', 'stefanprodan/podinfo:1.5.0'],
      });
      expect(changed).toEqual([
        '--- a/staging/flux-patch.yaml',
        '+++ b/staging/flux-patch.yaml',
        `-      - image: ${host}/stefanprodan/podinfo:1.4.4`,
        `+      - image: ${host}/stefanprodan/podinfo:1.4.9`,
      ]);
    });
  });
});

interface Releasing {
  readonly paths: readonly string[];
  /** Images that the repository names; they get the host of the registry, as nothing else is reachable. */
  readonly used: readonly string[];
  /** Pushed one after the other when the repository is synced. */
  readonly pushed: readonly string[];
}

/** What the commits changed in the end, as the lines of one diff. */
async function releaseCorpus(kubeconfig: string, directory: string, { paths, used, pushed }: Releasing) {
  await using theatre = await openTheatre(kubeconfig, { paths, target: { namespace: 'default', timeout: '2m' } });
  const { stage, serve, registry } = theatre;
  await using _ = await untilGone(stage.api, 'demo');
  await using _pods = readyPods(stage.api, 'demo');
  const push = (image: string, created: number) => {
    const [name = '', tag = ''] = image.split(':');
    return theatre.image(name, tag, new Date(created).toISOString());
  };
  for (const [age, image] of used.entries()) await push(image, Date.UTC(2020, 0, age + 1));
  const files = Object.entries(await filesOf(directory)).map(([path, text]) => [
    path,
    onHost(text, used, registry.host),
  ]);
  const first = await serve.push(Object.fromEntries(files));
  expect(await serve.ended(first.run, 60), serve.output).toMatchObject({ status: 'succeeded' });
  for (const [age, image] of pushed.entries()) await push(image, Date.UTC(2021, 0, age + 1));
  await registry.drained('sluice', used.length + pushed.length);
  const bare = ['--git-dir', stage.repository.bare];
  let before = '';
  // Until nothing is on its way any more.
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(500)) {
    const runs = await serve.runs();
    const head = await theatre.head();
    const isAtRest =
      head !== first.commit && head === before && runs.every(({ finishedAt }) => finishedAt !== undefined);
    if (isAtRest) break;
    before = head;
  }
  const diff = await run('git', [...bare, 'diff', '-U0', first.commit, 'refs/heads/main']);
  return { changed: diff.split('\n').filter((line) => !/^(?:diff|index|@@)/.test(line)), host: registry.host };
}

/** A text with a host before the names of these images, as containers and the values of charts name them. */
function onHost(text: string, images: readonly string[], host: string): string {
  return images.reduce((found, image) => {
    const [name = ''] = image.split(':');
    return found.replaceAll(new RegExp(`(?<=(?:image|repository): )(?=${name}(?::|$))`, 'gm'), `${host}/`);
  }, text);
}

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
