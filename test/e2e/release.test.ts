import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Run } from '../../lib/api.ts';
import { freePort } from '../../lib/local/apiserver/free-port.ts';
import { describeCluster } from '../parts/api-server.ts';
import { pushImage } from '../parts/docker-registry.ts';
import { type GitHttp, startGitHttp } from '../parts/git-http.ts';
import { type NotifyingRegistry, startNotifyingRegistry } from '../parts/notifying-registry.ts';
import { run } from '../parts/run.ts';
import { openStage, type Stage, type StageServe } from './stage.ts';

/** A pushed image becomes a commit, and its push a rollout: with Debian's registry, which notifies, git over HTTP, and a real API server. */

const isHere = ['docker-registry', 'skopeo'].every((program) => existsSync(join('/usr/bin', program)));
const secret = 'Bearer a secret of the registry';

interface Theatre extends AsyncDisposable {
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
  /** The runs of releases, newest first, once there are `count` of them and all are over. */
  releases(count: number): Promise<readonly Run[]>;
}

async function open(kubeconfig: string, automation: object = {}): Promise<Theatre> {
  const stage = await openStage(kubeconfig);
  const git = await startGitHttp({ root: stage.directory, password: 'git-password' });
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  const serve = await stage.serve({
    source: { url: `${git.url}/shop.git`, auth: { token: { file: 'git-token' } } },
    target: { automation: { interval: '1h', author: { name: 'Sluice', email: 'sluice@acme.io' }, ...automation } },
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
    async releases(count) {
      let found: readonly Run[] = [];
      for (const end = Date.now() + 30_000; Date.now() < end; await sleep(50)) {
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

function deployment(name: string, image: string, filter = 'semver:~1'): string {
  return `# ${name}, as its team wrote it
apiVersion: apps/v1
kind: Deployment
metadata:
    name:   ${name}
    annotations: {fluxcd.io/automated: "true", fluxcd.io/tag.app: '${filter}'}
spec:
    replicas: 0
    selector: {matchLabels: {app: ${name}}}
    template:
        metadata: {labels: {app: ${name}}}
        spec:
            containers:
              - name:  app
                image: "${image}"   # the newest of its line
`;
}

async function liveImage({ stage }: Theatre, name: string): Promise<string> {
  const { body } = await stage.api('GET', `/apis/apps/v1/namespaces/${stage.namespace}/deployments/${name}`);
  return body.spec.template.spec.containers[0].image;
}

describeCluster('image automation', (kubeconfig) => {
  it.skipIf(!isHere)('makes of a pushed tag a commit of one line, and of its push a rollout', async () => {
    await using theatre = await open(kubeconfig);
    const { stage, serve, registry } = theatre;
    await registry.push('acme/shop', '1.0.0');
    const image = `${registry.host}/acme/shop`;
    const first = await serve.push({ 'shop.yaml': deployment('shop', `${image}:1.0.0`), 'other.yaml': 'a: 1\n' });
    expect((await serve.ended(first.run)).status).toBe('succeeded');
    expect(await liveImage(theatre, 'shop')).toBe(`${image}:1.0.0`);

    const begin = performance.now();
    await registry.push('acme/shop', '1.1.0');
    const pushed = performance.now();
    const commit = await theatre.moved(first.commit);
    const committed = performance.now();
    const diff = await run('git', [
      '--git-dir',
      stage.repository.bare,
      'show',
      '--format=%P%n%an <%ae>%n%s',
      '-U0',
      commit,
    ]);
    expect(diff.split('\n').filter((line) => !/^(?:diff|index|@@)/.test(line))).toEqual([
      first.commit,
      'Sluice <sluice@acme.io>',
      `Auto-release ${image}:1.1.0`,
      '',
      '--- a/shop.yaml',
      '+++ b/shop.yaml',
      `-                image: "${image}:1.0.0"   # the newest of its line`,
      `+                image: "${image}:1.1.0"   # the newest of its line`,
    ]);

    const [sync = ''] = await serve.pushed({ url: `${theatre.git.url}/shop.git`, before: first.commit, after: commit });
    expect((await serve.ended(sync)).status).toBe('succeeded');
    expect(await liveImage(theatre, 'shop')).toBe(`${image}:1.1.0`);
    const times = [pushed - begin, committed - pushed, performance.now() - committed].map(Math.round);
    console.log(`skopeo ${times[0]} ms, then to the commit ${times[1]} ms, and to the cluster ${times[2]} ms`);

    const [release] = await theatre.releases(1);
    expect(release).toMatchObject({
      target: 'shop',
      cause: { kind: 'image', by: 'registry' },
      status: 'succeeded',
      revision: `main@sha1:${first.commit}`,
      pushed: { commit, branch: 'main' },
      changes: { configured: 1 },
      objects: [
        {
          id: `${stage.namespace}:deployment/shop`,
          action: 'configured',
          release: {
            target: 'shop',
            status: 'success',
            containers: [{ container: 'app', current: `${image}:1.0.0`, target: `${image}:1.1.0` }],
          },
        },
      ],
    });
  });
});
