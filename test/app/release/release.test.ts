import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../lib/domain/failure.ts';
import { type DockerRegistry, oci, pushManifest, startDockerRegistry } from '../../parts/docker-registry.ts';
import { createReleaseWorld, deployment } from './release-world.ts';

let server: DockerRegistry;
beforeAll(async () => {
  server = await startDockerRegistry();
});
afterAll(() => server[Symbol.asyncDispose]());

/** A repository of the registry that no other test uses. */
let names = 0;
function name(): string {
  return `acme/app-${++names}`;
}

describe('a pushed image', () => {
  it('becomes a commit for each workload that waits for it, and of its tag alone anything is asked', async () => {
    const world = await createReleaseWorld(server.host);
    const [app, other] = [name(), name()];
    const image = `${server.host}/${app}`;
    const before = await world.commit({
      'web.yaml': deployment('web', `${image}:1.0.0`),
      'api.yaml': deployment('api', `${image}:1.0.1`),
      'old.yaml': deployment('old', `${image}:0.9.0`, { filter: 'semver:~0' }),
      'hand.yaml': deployment('hand', `${image}:1.0.0`, { annotations: {} }),
      'other.yaml': deployment('other', `${server.host}/${other}:1.0.0`),
    });
    await world.image(`${app}:1.1.0`);
    const [id] = await world.event(`${app}:1.1.0`);
    await world.work();
    expect(world.asked).toEqual([`image ${app}:1.1.0`]);
    const run = await world.run(id);
    expect(run).toMatchObject({
      kind: 'release',
      target: 'shop',
      repository: { url: world.repository.url, branch: 'main' },
      status: 'succeeded',
      cause: { kind: 'image', by: 'registry' },
      revision: `main@sha1:${before}`,
      pushed: [{ commit: await world.head(), branch: 'main' }],
      changes: { configured: 2, skipped: 1 },
    });
    expect(run.objects.map(({ id: object, action, error }) => [object, action, error])).toEqual([
      ['shop:deployment/api', 'configured', undefined],
      ['shop:deployment/web', 'configured', undefined],
      ['shop:deployment/old', 'skipped', 'image(s) up to date'],
    ]);
    expect(await world.log()).toEqual([`Auto-release ${image}:1.1.0`, 'change']);
    expect(await world.file('web.yaml')).toContain(`image: ${image}:1.1.0`);
    expect(await world.file('hand.yaml')).toContain(`image: ${image}:1.0.0`);
  });

  it('that git has already, or that is older than what runs, is no commit', async () => {
    const world = await createReleaseWorld(server.host);
    const app = name();
    const image = `${server.host}/${app}`;
    const before = await world.commit({ 'web.yaml': deployment('web', `${image}:1.2.0`) });
    for (const tag of ['1.2.0', '1.1.0']) await world.image(`${app}:${tag}`);
    const [same] = await world.event(`${app}:1.2.0`);
    const [older] = await world.event(`${app}:1.1.0`);
    await world.drain();
    expect(await world.run(same)).toMatchObject({ status: 'succeeded', changes: { configured: 0, skipped: 1 } });
    // The first has taken both.
    expect(await world.run(older)).toMatchObject({ status: 'skipped', supersededBy: same });
    expect(await world.head()).toBe(before);
  });

  it('in a burst is one commit for all that had arrived, and the other jobs are covered by its run', async () => {
    const world = await createReleaseWorld(server.host);
    const app = name();
    await world.commit({ 'web.yaml': deployment('web', `${server.host}/${app}:1.0.0`) });
    const runs: (string | undefined)[] = [];
    for (let minor = 1; minor <= 8; minor++) {
      await world.image(`${app}:1.${minor}.0`);
      runs.push(...(await world.event(`${app}:1.${minor}.0`)));
    }
    await world.drain();
    const [first, ...others] = await Promise.all(runs.map(world.run));
    expect(first).toMatchObject({ status: 'succeeded', changes: { configured: 1 } });
    expect(others.map(({ status, supersededBy }) => [status, supersededBy])).toEqual(
      others.map(() => ['skipped', runs[0]]),
    );
    expect(await world.file('web.yaml')).toContain(':1.8.0');
    expect(await world.log()).toHaveLength(2);
  });

  it('of which the same delivery tells twice is one run', async () => {
    const world = await createReleaseWorld(server.host);
    const app = name();
    await world.commit({ 'web.yaml': deployment('web', `${server.host}/${app}:1.0.0`) });
    const runs = [await world.event(`${app}:1.1.0`, 'd1'), await world.event(`${app}:1.1.0`, 'd1')];
    expect(runs[0]).toEqual(runs[1]);
    expect(await world.jobs.ports.queue.depth('release')).toMatchObject({ waiting: 1 });
  });

  it('that the registry does not have, or has for another platform alone, is told and not written', async () => {
    const world = await createReleaseWorld(server.host);
    const app = name();
    const before = await world.commit({ 'web.yaml': deployment('web', `${server.host}/${app}:1.0.0`) });
    await world.image(`${app}:1.0.0`);
    const index = { schemaVersion: 2, mediaType: oci.index, manifests: [] };
    await pushManifest(`http://${server.host}`, app, '1.3.0', index, oci.index);
    const [lie] = await world.event(`${app}:1.2.0`);
    await world.event(`${app}:1.3.0`);
    await world.drain();
    const run = await world.run(lie);
    expect(run).toMatchObject({ status: 'succeeded', changes: { configured: 0 } });
    expect(run.warnings).toEqual([
      `"${server.host}/${app}:1.3.0" was not taken: no suitable manifest (linux amd64) in manifestlist`,
      `"${server.host}/${app}:1.2.0" was not taken: the registry has no such tag`,
    ]);
    expect(await world.head()).toBe(before);
  });

  it('that cannot be asked for is tried again, with all that was pushed since', async () => {
    const world = await createReleaseWorld(server.host);
    const app = name();
    await world.commit({ 'web.yaml': deployment('web', `${server.host}/${app}:1.0.0`) });
    for (const tag of ['1.1.0', '1.2.0']) await world.image(`${app}:${tag}`);
    world.trouble = new Failure('server', 'Cannot read the image: the registry answers 503', { code: 'Unreachable' });
    const [first] = await world.event(`${app}:1.1.0`);
    await world.work();
    expect(await world.run(first)).toMatchObject({
      status: 'queued',
      error: { message: 'Cannot read the image: the registry answers 503', help: 'It is tried again after 5 s' },
      againAt: expect.any(String),
    });
    world.trouble = undefined;
    const [second] = await world.event(`${app}:1.2.0`);
    await world.drain();
    expect(await world.run(second)).toMatchObject({ status: 'succeeded', changes: { configured: 1 } });
    expect(await world.run(first)).toMatchObject({ status: 'skipped', supersededBy: second });
    expect(await world.log()).toHaveLength(2);
  });

  it('that can never be asked for has failed after the fourth time, with an alarm', async () => {
    const world = await createReleaseWorld(server.host);
    const app = name();
    await world.commit({ 'web.yaml': deployment('web', `${server.host}/${app}:1.0.0`) });
    world.trouble = new Failure('server', 'Cannot read the image: the registry answers 503');
    const [id] = await world.event(`${app}:1.1.0`);
    await world.drain();
    expect(await world.run(id)).toMatchObject({ status: 'failed', error: { fault: 'server' } });
    expect(world.asked).toHaveLength(5);
    expect(world.jobs.logged.map(({ message }) => message)).toContain('alarm: release failed by our own fault');
  });

  it('that the registry refuses has failed at once, and says what to do', async () => {
    const world = await createReleaseWorld(server.host);
    const app = name();
    await world.commit({ 'web.yaml': deployment('web', `${server.host}/${app}:1.0.0`) });
    world.trouble = new Failure('user', 'Cannot read the image: the registry refuses it (401)', { help: 'Set auth' });
    const [id] = await world.event(`${app}:1.1.0`);
    await world.drain();
    expect(await world.run(id)).toMatchObject({ status: 'failed', error: { fault: 'user', help: 'Set auth' } });
  });

  it('of which nobody knows the tag is looked for among those that were not seen before', async () => {
    const world = await createReleaseWorld(server.host);
    const app = name();
    await world.commit({ 'web.yaml': deployment('web', `${server.host}/${app}:1.0.0`) });
    for (const tag of ['1.0.0', '1.1.0', '2.0.0']) await world.image(`${app}:${tag}`);
    await world.event(app);
    await world.drain();
    expect(await world.file('web.yaml')).toContain(':1.1.0');
    expect(world.asked).toEqual([`tags ${app}`, `image ${app}:1.1.0`]);
  });
});

describe('a target', () => {
  it('shares the commit of its repository, whatever the others are', async () => {
    const world = await createReleaseWorld(
      server.host,
      { source: { paths: ['staging'] } },
      { source: { paths: ['production'] } },
      { source: { paths: ['staging'] }, automation: { enabled: false } },
    );
    const app = name();
    const image = `${server.host}/${app}`;
    await world.commit({
      'staging/web.yaml': deployment('web', `${image}:1.0.0`),
      'production/web.yaml': deployment('web', `${image}:1.0.0`, { filter: 'semver:~1.0' }),
    });
    for (const tag of ['1.0.1', '1.1.0']) await world.image(`${app}:${tag}`);
    const [id] = await world.event(`${app}:1.0.1`);
    await world.event(`${app}:1.1.0`);
    await world.drain();
    expect(await world.run(id)).toMatchObject({ targets: ['shop', 'shop-1'], changes: { configured: 2 } });
    expect(await world.file('staging/web.yaml')).toContain(':1.1.0');
    expect(await world.file('production/web.yaml')).toContain(':1.0.1');
    expect(await world.log()).toEqual(['Auto-release multiple (2) images', 'change']);
  });

  it('with ways of writing of its own has a commit of its own, by its author, in its words', async () => {
    const message = '{message}\n\n{workloads} of {targets}: {images} for {user} [skip ci]';
    const world = await createReleaseWorld(
      server.host,
      { source: { paths: ['a'] } },
      { source: { paths: ['b'] }, automation: { author: { name: 'Bo', email: 'bo@acme.io' }, message } },
    );
    const app = name();
    const image = `${server.host}/${app}`;
    await world.commit({
      'a/web.yaml': deployment('web', `${image}:1.0.0`),
      'b/api.yaml': deployment('api', `${image}:1.0.0`),
    });
    await world.image(`${app}:1.1.0`);
    await world.event(`${app}:1.1.0`);
    await world.drain();
    const { repository } = world;
    await repository.git('fetch', '-q', repository.bare, 'main');
    expect((await repository.git('log', '-2', '--format=%an <%ae>|%B', 'FETCH_HEAD')).trim()).toBe(
      `Bo <bo@acme.io>|Auto-release ${image}:1.1.0\n\nshop:deployment/api of shop-1: ${image}:1.1.0 for registry [skip ci]\n\n` +
        `Sluice <sluice@localhost>|Auto-release ${image}:1.1.0`,
    );
  });

  it('that wants pull requests gets one of its own branch', async () => {
    const world = await createReleaseWorld(server.host, { automation: { push: 'pullRequest' } });
    const app = name();
    const before = await world.commit({ 'web.yaml': deployment('web', `${server.host}/${app}:1.0.0`) });
    await world.image(`${app}:1.1.0`);
    const [id] = await world.event(`${app}:1.1.0`);
    await world.drain();
    expect(await world.run(id)).toMatchObject({
      pushed: [
        {
          commit: await world.head('sluice/main'),
          branch: 'sluice/main',
          pullRequest: 'https://forge.example/pulls/1',
        },
      ],
    });
    expect(world.proposed).toEqual([
      { title: `Auto-release ${server.host}/${app}:1.1.0`, body: '', branch: 'sluice/main' },
    ]);
    expect(await world.head()).toBe(before);
    expect(await world.file('web.yaml', 'sluice/main')).toContain(':1.1.0');

    // While it is open, sweeps find the same again, and say nothing.
    const sweep = { spec: { type: 'auto' }, cause: { kind: 'sweep', by: 'schedule' } } as const;
    for (let round = 0; round < 2; round++) {
      const again = await world.ask(sweep);
      await world.drain();
      await expect(world.run(again)).rejects.toThrow();
    }
    expect(world.proposed).toHaveLength(1);
    await world.repository.commit({ 'notes.txt': 'the head moves on\n' });
    const moved = await world.ask(sweep);
    await world.drain();
    expect(await world.run(moved)).toMatchObject({ status: 'succeeded', changes: { configured: 1 } });
    expect(world.proposed).toHaveLength(2);
  });

  it('that cannot be rendered at the head, or holds what cannot be edited, keeps nothing from the others', async () => {
    const world = await createReleaseWorld(server.host, { source: { paths: ['a'] } }, { source: { paths: ['b'] } });
    const app = name();
    const image = `${server.host}/${app}`;
    const block = deployment('block', 'X').replace('image: X', `image: |-\n            ${image}:1.0.0`);
    await world.commit({
      'a/web.yaml': deployment('web', `${image}:1.0.0`),
      'a/block.yaml': block,
      'b/api.yaml': deployment('api', `${image}:1.0.0`),
    });
    await world.repository.commit({ 'b/broken.yaml': 'kind: [' });
    await world.image(`${app}:1.1.0`);
    const [id] = await world.event(`${app}:1.1.0`);
    await world.drain();
    const run = await world.run(id);
    expect(run).toMatchObject({ status: 'succeeded', changes: { configured: 1, failed: 1 } });
    expect(run.objects[0]).toMatchObject({
      id: 'shop:deployment/block',
      error: expect.stringMatching(/^Cannot edit "a\/block.yaml": .*it is a block of lines/),
    });
    expect(run.warnings?.[0]).toMatch(/^"shop-1" was left out: Cannot read "b\/broken.yaml"/);
    expect(await world.file('a/web.yaml')).toContain(':1.1.0');
    expect(await world.file('b/api.yaml')).toContain(':1.0.0');
  });

  it('whose edit would change what is locked is not written, and others are', async () => {
    const world = await createReleaseWorld(server.host, { source: { paths: ['a'] } }, { source: { paths: ['b'] } });
    const app = name();
    const image = `${server.host}/${app}`;
    const kustomization = `resources: [web.yaml, locked.yaml]\nimages: [{name: ${image}, newTag: 1.0.0}]\n`;
    await world.commit({
      'a/kustomization.yaml': kustomization,
      'a/web.yaml': deployment('web', image),
      'a/locked.yaml': deployment('locked', image, { annotations: {} }),
      'b/api.yaml': deployment('api', `${image}:1.0.0`),
    });
    await world.image(`${app}:1.1.0`);
    const [id] = await world.event(`${app}:1.1.0`);
    await world.drain();
    const run = await world.run(id);
    expect(run).toMatchObject({ status: 'succeeded', changes: { configured: 1, failed: 1 } });
    expect(run.objects[0]?.error).toMatch(/failed to verify changes: its images should be/);
    expect(await world.file('a/kustomization.yaml')).toBe(kustomization.trim());
    expect(await world.file('b/api.yaml')).toContain(':1.1.0');
  });
});

describe('a sweep', () => {
  const sweep = { spec: { type: 'auto' }, cause: { kind: 'sweep', by: 'schedule' } } as const;

  it('reads the tags that it has not seen, takes the newest, and leaves no run where there is none', async () => {
    const world = await createReleaseWorld(server.host);
    const app = name();
    const image = `${server.host}/${app}`;
    await world.commit({ 'web.yaml': deployment('web', `${image}:b`, { filter: 'glob:*' }) });
    for (const [tag, day] of Object.entries({ a: '01', b: '03', c: '02' })) {
      await world.image(`${app}:${tag}`, `2026-01-${day}T00:00:00Z`);
    }
    const first = await world.ask(sweep);
    await world.drain();
    expect(world.asked.sort()).toEqual(['a', 'b', 'c'].map((tag) => `image ${app}:${tag}`).concat(`tags ${app}`));
    await expect(world.run(first)).rejects.toThrow();

    world.asked.length = 0;
    await world.image(`${app}:d`, '2026-01-04T00:00:00Z');
    const second = await world.ask(sweep);
    await world.drain();
    expect(world.asked).toEqual([`tags ${app}`, `image ${app}:d`]);
    expect(await world.run(second)).toMatchObject({
      status: 'succeeded',
      cause: sweep.cause,
      changes: { configured: 1 },
    });
    expect(await world.file('web.yaml')).toContain(':d');
  });

  it('of versions reads only what it takes', async () => {
    const world = await createReleaseWorld(server.host);
    const app = name();
    await world.commit({ 'web.yaml': deployment('web', `${server.host}/${app}:1.0.0`) });
    for (const tag of ['1.0.0', '1.1.0', '1.2.0', '2.0.0']) await world.image(`${app}:${tag}`);
    await world.ask(sweep);
    await world.drain();
    expect(world.asked).toEqual([`tags ${app}`, `image ${app}:1.2.0`]);
    expect(await world.file('web.yaml')).toContain(':1.2.0');
  });

  it('takes the next best where the newest has nothing for the platform', async () => {
    const world = await createReleaseWorld(server.host);
    const app = name();
    await world.commit({ 'web.yaml': deployment('web', `${server.host}/${app}:1.0.0`) });
    for (const tag of ['1.0.0', '1.1.0']) await world.image(`${app}:${tag}`);
    const index = { schemaVersion: 2, mediaType: oci.index, manifests: [] };
    await pushManifest(`http://${server.host}`, app, '1.2.0', index, oci.index);
    const id = await world.ask(sweep);
    await world.drain();
    expect(await world.file('web.yaml')).toContain(':1.1.0');
    expect((await world.run(id)).warnings?.[0]).toContain('1.2.0" was not taken');
    world.asked.length = 0;
    await world.ask(sweep);
    await world.drain();
    expect(world.asked).toEqual([`tags ${app}`, `image ${app}:1.1.0`]);
  });

  it('goes down where the filter wants it, and says so', async () => {
    const world = await createReleaseWorld(server.host);
    const app = name();
    const image = `${server.host}/${app}`;
    await world.commit({ 'web.yaml': deployment('web', `${image}:2.0.0`) });
    for (const tag of ['1.1.0', '2.0.0']) await world.image(`${app}:${tag}`);
    await world.ask(sweep);
    await world.drain();
    expect((await world.log())[0]).toBe(`Auto-release ${image}:1.1.0 (downgrade)`);
  });

  it('of a registry that does not answer leaves a run that is tried again', async () => {
    const world = await createReleaseWorld(server.host);
    await world.commit({ 'web.yaml': deployment('web', `${server.host}/${name()}:1.0.0`) });
    world.trouble = new Failure('server', 'Cannot read the tags: no answer');
    const id = await world.ask(sweep);
    await world.work();
    expect(await world.run(id)).toMatchObject({ kind: 'release', status: 'queued' });
  });
});

describe('markers of Flux v2', () => {
  const policy = (image: string, more = '') => `apiVersion: image.toolkit.fluxcd.io/v1beta2
kind: ImageRepository
metadata: {name: app, namespace: flux-system}
spec: {image: "${image}"}
---
apiVersion: image.toolkit.fluxcd.io/v1beta2
kind: ImagePolicy
metadata: {name: app, namespace: flux-system}
spec:
  imageRepositoryRef: {name: app}
  policy: {semver: {range: ">=1.0.0 <2.0.0"}}
${more}`;

  it('get what the policy takes, wherever they are in the repository', async () => {
    const world = await createReleaseWorld(server.host, { source: { paths: ['apps', 'policies'] } });
    const app = name();
    const image = `${server.host}/${app}`;
    await world.commit({
      'policies/app.yaml': policy(image, '  digestReflectionPolicy: Always\n'),
      'apps/web.yaml': deployment('web', `${image}:1.0.0 # {"$imagepolicy": "flux-system:app"}`, { annotations: {} }),
      'apps/map.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\ndata:\n  tag: 1.0.0 # {"$imagepolicy": "flux-system:app:tag"}\n`,
      'apps/broken.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: odd}\ndata:\n  tag: |- # {"$imagepolicy": "flux-system:app:tag"}\n    1\n`,
    });
    for (const tag of ['1.0.0', '1.4.0', '2.0.0']) await world.image(`${app}:${tag}`);
    const [id] = await world.event(`${app}:1.4.0`);
    await world.drain();
    const run = await world.run(id);
    expect(run).toMatchObject({ status: 'succeeded', changes: { configured: 1 } });
    expect(run.objects[0]).toMatchObject({ id: 'flux-system:imagepolicy/app', action: 'configured' });
    expect(await world.file('apps/web.yaml')).toMatch(/image: \S+:1\.4\.0@sha256:[0-9a-f]{64} # \{"\$imagepolicy/);
    expect(await world.file('apps/map.yaml')).toContain('tag: 1.4.0 # {');
    expect((await world.log())[0]).toMatch(/^Auto-release \S+:1\.4\.0@sha256:/);

    const [again] = await world.event(`${app}:2.0.0`);
    await world.drain();
    expect(await world.run(again)).toMatchObject({ status: 'succeeded', changes: { configured: 0 } });
    expect(await world.log()).toHaveLength(2);
    const sweep = await world.ask({ spec: { type: 'auto' }, cause: { kind: 'sweep', by: 'schedule' } });
    await world.drain();
    await expect(world.run(sweep)).rejects.toThrow();
  });

  it('of a policy that takes none of the tags are left, and the run says why', async () => {
    const world = await createReleaseWorld(server.host);
    const app = name();
    await world.commit({ 'app.yaml': policy(`${server.host}/${app}`) });
    await world.image(`${app}:3.0.0`);
    const [id] = await world.event(`${app}:3.0.0`);
    await world.drain();
    expect((await world.run(id)).warnings).toEqual([
      'flux-system:app: Cannot choose a tag: the policy takes none of 1 tags',
    ]);
  });
});
