import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { describeCluster } from '../parts/api-server.ts';
import { oci, pushManifest } from '../parts/docker-registry.ts';
import { run } from '../parts/run.ts';
import { sluiceIn } from './command.ts';
import { hasRegistry, openTheatre, type Theatre } from './registry-theatre.ts';

/** A pushed image becomes a commit, and its push a rollout: with Debian's registry, which notifies, git over HTTP, and a real API server. */

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
  it.skipIf(!hasRegistry)('makes of a pushed tag a commit of one line, and of its push a rollout', async () => {
    await using theatre = await openTheatre(kubeconfig);
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

    const deliver = performance.now();
    const [sync = ''] = await serve.pushed({ url: `${theatre.git.url}/shop.git`, before: first.commit, after: commit });
    while ((await liveImage(theatre, 'shop')) !== `${image}:1.1.0`) await sleep(10);
    const times = [pushed - begin, committed - pushed, performance.now() - deliver].map(Math.round);
    expect((await serve.ended(sync)).status).toBe('succeeded');
    console.log(
      `skopeo ${times[0]} ms, then to the commit ${times[1]} ms; from its webhook to the cluster ${times[2]} ms`,
    );

    const [release] = await theatre.releases(1);
    expect(release).toMatchObject({
      target: 'shop',
      cause: { kind: 'image', by: 'registry' },
      status: 'succeeded',
      revision: `main@sha1:${first.commit}`,
      pushed: [{ commit, branch: 'main' }],
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

    const environment = { SLUICE_URL: serve.url, SLUICE_TOKEN: serve.token };
    const shown = await sluiceIn(serve.directory, ['runs', release?.id ?? ''], environment);
    expect(shown.out).toContain(`Commit pushed: ${commit} to main`);
    expect(shown.out).toContain(`app: ${image}:1.0.0 -> 1.1.0`);
  });

  it.skipIf(!hasRegistry)(
    'of a burst of tags loses none, whoever else pushes to the branch meanwhile',
    async () => {
      await using theatre = await openTheatre(kubeconfig);
      const { stage, serve, registry, git } = theatre;
      const images = Array.from({ length: 10 }, (_, index) => `team/app-${index}`);
      const names = Array.from({ length: 40 }, (_, index) => `web-${index}`);
      const imageOf = (index: number) => `${registry.host}/${images[index % images.length]}`;
      for (const image of images) await theatre.image(image, '1.0.0');
      const files = names.map((name, index) => [`apps/${name}.yaml`, deployment(name, `${imageOf(index)}:1.0.0`)]);
      const first = await serve.push(Object.fromEntries(files));
      await serve.ended(first.run);

      await using second = await startSecondWriter(theatre);
      await second.pushed(1);
      const begin = performance.now();
      for (let minor = 1; minor <= 5; minor++) {
        await Promise.all(images.map((image) => theatre.image(image, `1.${minor}.0`)));
      }
      const bare = ['--git-dir', stage.repository.bare];
      async function newest(): Promise<number> {
        const found = await run('git', [...bare, 'grep', '-h', '-c', ':1.5.0"', 'main', '--', 'apps']).catch(() => '');
        return found === '' ? 0 : found.split('\n').length;
      }
      for (const end = Date.now() + 180_000; (await newest()) < names.length && Date.now() < end; ) await sleep(100);
      const took = performance.now() - begin;
      expect(await newest()).toBe(names.length);
      const written = await second.stop();
      const releases = (await theatre.releases(50)).filter(({ pushed }) => pushed !== undefined);
      console.log(
        `50 tags to 40 workloads in ${Math.round(took)} ms: ${releases.length} commits, beside ${written.length} of another`,
      );

      const log = await run('git', [...bare, 'log', '--format=%H|%an|%P|%T', 'main']);
      const commits = log.split('\n').map((line) => line.split('|'));
      // One parent each but the first: nobody merged, and nobody's commit was taken out by another.
      expect(commits.map(([, , parents]) => parents?.length)).toEqual([...commits.slice(1).map(() => 40), 0]);
      const trees = commits.map((commit) => commit.at(-1));
      expect(trees.filter((tree, index) => tree === trees[index + 1])).toEqual([]);
      expect(
        commits
          .filter(([, author]) => author === 'Sluice')
          .flatMap(([hash]) => hash)
          .sort(),
      ).toEqual(releases.flatMap(({ pushed }) => pushed?.map(({ commit }) => commit)).sort());
      expect(releases.length).toBeLessThan(25);
      const there = (await run('git', [...bare, 'ls-tree', '--name-only', 'main', 'notes/'])).split('\n');
      expect(there.sort()).toEqual(written.map((name) => `notes/${name}`).sort());
      expect(git.requests.length).toBeGreaterThan(0);
    },
    240_000,
  );

  it.skipIf(!hasRegistry)(
    'believes nothing that a registry does not have, and waits for one that is down',
    async () => {
      await using theatre = await openTheatre(kubeconfig);
      const { serve, registry } = theatre;
      await theatre.image('acme/shop', '1.0.0');
      const image = `${registry.host}/acme/shop`;
      const first = await serve.push({ 'shop.yaml': deployment('shop', `${image}:1.0.0`) });
      await serve.ended(first.run);

      await theatre.lie('acme/shop', '1.9.0');
      const [lie] = await theatre.releases(1);
      expect(lie).toMatchObject({
        status: 'succeeded',
        warnings: [`"${image}:1.9.0" was not taken: the registry has no such tag`],
      });
      const index = { schemaVersion: 2, mediaType: oci.index, manifests: [] };
      await pushManifest(`http://${registry.host}`, 'acme/shop', '1.8.0', index, oci.index);
      const [other] = await theatre.releases(2);
      expect(other?.warnings?.[0]).toContain('no suitable manifest (linux amd64)');
      await theatre.image('acme/unused', '1.0.0');
      expect(await theatre.head()).toBe(first.commit);

      await theatre.image('acme/shop', '1.1.0');
      await theatre.releases(3);
      await registry.stop();
      await theatre.lie('acme/shop', '1.2.0');
      await theatre.retried();
      await registry.restart();
      await theatre.image('acme/shop', '1.2.0');
      await theatre.moved(await theatre.head(), 60);
      expect(await run('git', ['--git-dir', theatre.stage.repository.bare, 'show', 'main:shop.yaml'])).toContain(
        ':1.2.0',
      );
    },
    120_000,
  );
});

interface SecondWriter extends AsyncDisposable {
  /** Once so many of its commits are on the branch. */
  pushed(count: number): Promise<void>;
  /** Names of the files that it has pushed. */
  stop(): Promise<readonly string[]>;
}

/** Somebody who commits a note of their own to the branch every second, and pulls when another was faster, as people do. */
async function startSecondWriter({ stage, git }: Theatre): Promise<SecondWriter> {
  const clone = join(stage.directory, 'second');
  const url = git.url.replace('://', '://x-access-token:git-password@');
  await run('git', ['clone', '-q', `${url}/shop.git`, clone]);
  const names: string[] = [];
  let isStopped = false;
  const inClone = (...args: string[]) => run('git', ['-C', clone, '-c', 'user.name=Second', ...args]);

  async function write(name: string): Promise<void> {
    await mkdir(join(clone, 'notes'), { recursive: true });
    await writeFile(join(clone, 'notes', name), `${name}\n`);
    await inClone('add', '-A');
    await inClone('commit', '-q', '-m', name);
    for (let attempt = 0; attempt < 20; attempt++) {
      const isPushed = await inClone('push', '-q', 'origin', 'main').then(
        () => true,
        () => false,
      );
      if (isPushed) {
        names.push(name);
        return;
      }
      await inClone('pull', '-q', '--rebase', 'origin', 'main');
    }
    throw new Error(`${name} could not be pushed`);
  }
  async function writeOn(): Promise<void> {
    for (let count = 1; !isStopped; count++) {
      const begin = Date.now();
      await write(`note-${count}`);
      await sleep(Math.max(1000 - (Date.now() - begin), 0));
    }
  }
  const writing = writeOn();
  async function stop(): Promise<readonly string[]> {
    isStopped = true;
    await writing;
    return names;
  }
  return {
    async pushed(count) {
      while (names.length < count) await sleep(20);
    },
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
    },
  };
}
