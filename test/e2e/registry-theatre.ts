import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Run } from '../../lib/api.ts';
import { freePort } from '../../lib/local/apiserver/free-port.ts';
import { pushImage } from '../parts/docker-registry.ts';
import { type GitHttp, startGitHttp } from '../parts/git-http.ts';
import { type NotifyingRegistry, startNotifyingRegistry } from '../parts/notifying-registry.ts';
import { run } from '../parts/run.ts';
import { openStage, type Stage, type StageServe } from './stage.ts';

/** Whether the programs are. */
export const hasRegistry = ['docker-registry', 'skopeo'].every((program) => existsSync(join('/usr/bin', program)));
const secret = 'Bearer a secret of the registry';

/** `sluice serve` between a registry that notifies it, a git server and a cluster; the target `shop` may be written to. */
export interface Theatre extends AsyncDisposable {
  readonly stage: Stage;
  readonly serve: StageServe;
  readonly git: GitHttp;
  readonly registry: NotifyingRegistry;
  /** Of the branch. */
  head(): Promise<string>;
  /** The next head of the branch, once it is another. */
  moved(from: string, seconds?: number): Promise<string>;
  /** Pushes an image of no layers, made at a time. */
  image(repository: string, tag: string, created?: string): Promise<void>;
  /** What a registry would tell, though it is not so. */
  lie(repository: string, tag: string): Promise<void>;
  /** Once a release waits to be tried again. */
  retried(): Promise<void>;
  /** The runs of releases, newest first, once there are `count` of them and all are over. */
  releases(count: number): Promise<readonly Run[]>;
}

export interface TheatreOptions {
  /** Of the target's source; default the whole repository. */
  readonly paths?: readonly string[];
  /** Fields of the target. */
  readonly target?: Readonly<Record<string, unknown>>;
}

export async function openTheatre(
  kubeconfig: string,
  { paths = ['.'], target }: TheatreOptions = {},
): Promise<Theatre> {
  const stage = await openStage(kubeconfig);
  const git = await startGitHttp({ root: stage.directory, password: 'git-password' });
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const serve = await stage.serve({
    source: { url: `${git.url}/shop.git`, paths, auth: { token: { file: 'git-token' } } },
    target: { automation: { interval: '1h', author: { name: 'Sluice', email: 'sluice@acme.io' } }, ...target },
    settings: {
      webhooks: [
        { id: 'github', sender: 'github', secret: { file: 'webhook-secret' } },
        { id: 'registry', sender: 'distribution', secret: { file: 'registry' } },
      ],
      registries: [{ host, insecure: true }],
    },
    secrets: { 'git-token': 'git-password\n', registry: secret },
  });
  const endpoint = { name: 'sluice', url: `${serve.url}/webhooks/registry`, headers: { Authorization: [secret] } };
  const registry = await startNotifyingRegistry([endpoint], port);
  const head = () => run('git', ['--git-dir', stage.repository.bare, 'rev-parse', 'refs/heads/main']);

  return {
    stage,
    serve,
    git,
    registry,
    head,
    async moved(from, seconds = 30) {
      for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(20)) {
        const now = await head();
        if (now !== from) return now;
      }
      throw new Error(`the branch stays at ${from}:\n${JSON.stringify(await serve.runs())}\n${serve.output}`);
    },
    async image(repository, tag, created = new Date().toISOString()) {
      await pushImage(`http://${host}`, repository, tag, { architecture: 'amd64', os: 'linux', created, tag });
    },
    async lie(repository, tag) {
      const mediaType = 'application/vnd.oci.image.manifest.v1+json';
      const target = { mediaType, digest: `sha256:${'0'.repeat(64)}`, repository, tag };
      const event = { id: `lie-${tag}`, action: 'push', target, request: { host } };
      const answer = await serve.request('POST', '/webhooks/registry', { events: [event] }, { authorization: secret });
      expect(answer.status).toBe(202);
    },
    async retried() {
      for (const end = Date.now() + 30_000; Date.now() < end; await sleep(50)) {
        if ((await serve.runs()).some(({ kind, againAt }) => kind === 'release' && againAt !== undefined)) return;
      }
      throw new Error('no release waits to be tried again');
    },
    async releases(count) {
      let found: readonly Run[] = [];
      for (const end = Date.now() + 60_000; Date.now() < end; await sleep(50)) {
        found = (await serve.runs()).filter(({ kind }) => kind === 'release');
        if (found.length >= count && found.every(({ finishedAt }) => finishedAt !== undefined)) return found;
      }
      throw new Error(`not ${count} releases: ${JSON.stringify(found)}`);
    },
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]();
      await serve[Symbol.asyncDispose]();
      await git[Symbol.asyncDispose]();
      await stage[Symbol.asyncDispose]();
    },
  };
}
