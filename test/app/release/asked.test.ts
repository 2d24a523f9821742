import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../../lib/domain/failure.ts';
import type { ReleaseSpec } from '../../../lib/domain/release/release-spec.ts';
import { type DockerRegistry, startDockerRegistry } from '../../parts/docker-registry.ts';
import { createReleaseWorld, deployment } from './release-world.ts';

let server: DockerRegistry;
beforeAll(async () => {
  server = await startDockerRegistry();
});
afterAll(() => server[Symbol.asyncDispose]());

let names = 0;
/** A world with two workloads of one image, of which one is locked, and the tags 1.0.0, 1.1.0 and 2.0.0. */
async function createWorld(...targets: readonly object[]) {
  const app = `acme/asked-${++names}`;
  const image = `${server.host}/${app}`;
  const world = await createReleaseWorld(server.host, ...(targets as Record<string, unknown>[]));
  const locked = { 'fluxcd.io/locked': 'true' };
  const before = await world.commit({
    'web.yaml': deployment('web', `${image}:1.0.0`, { annotations: {} }),
    'locked.yaml': deployment('locked', `${image}:1.0.0`, { annotations: locked }),
  });
  for (const tag of ['1.0.0', '1.1.0', '2.0.0']) await world.image(`${app}:${tag}`);
  async function release(spec: ReleaseSpec, more: object = {}) {
    const id = await world.ask({ spec, ...more });
    await world.drain();
    const run = await world.run(id);
    const results = run.objects.map(({ id: object, release: released, error }) => [object, released?.status, error]);
    return { run, results };
  }
  return { world, app, image, before, release };
}

const all = ['<all>'];
const defaults = { excludes: [], force: false };

describe('a release that is asked for', () => {
  it('of one image gives it to every workload that may have it, in the words of who asks', async () => {
    const { world, image, release } = await createWorld();
    const spec = { type: 'image', workloads: all, image: `${image}:1.1.0`, ...defaults } as const;
    const { run, results } = await release(spec, { message: 'Because' });
    expect(run).toMatchObject({ status: 'succeeded', pushed: [{ commit: await world.head() }] });
    expect(results).toEqual([
      ['shop:deployment/web', 'success', undefined],
      ['shop:deployment/locked', 'skipped', 'locked'],
    ]);
    expect((await world.log())[0]).toBe('Because');
    expect(await world.file('locked.yaml')).toContain(':1.0.0');
  });

  it('of the newest images reads what it has to choose from, and answers for what was not meant', async () => {
    const { world, release } = await createWorld();
    const workloads = ['shop:deployment/web', 'shop:deployment/none'];
    const { results } = await release({ type: 'image', workloads, image: '<all latest>', ...defaults });
    expect(results).toEqual([
      ['shop:deployment/web', 'success', undefined],
      ['shop:deployment/none', 'skipped', 'not found in repository'],
      ['shop:deployment/locked', 'ignored', 'not included'],
    ]);
    expect((await world.log())[0]).toBe('Release all latest to shop:deployment/web, shop:deployment/none');
    const again = await release({ type: 'image', workloads: all, image: '<all latest>', ...defaults });
    expect(again.run.pushed).toBeUndefined();
  });

  it.each([
    ['is not in the registry', ':7.0.0', 'missing', 'the registry has no such image'],
    ['has no tag', '', 'user', 'it has no tag'],
  ])('of an image that %s has failed, and writes nothing', async (_, tag, fault, state) => {
    const { world, image, before, release } = await createWorld();
    const { run } = await release({ type: 'image', workloads: all, image: `${image}${tag}`, ...defaults });
    expect(run).toMatchObject({ status: 'failed', error: { fault, message: expect.stringContaining(state) } });
    expect(await world.head()).toBe(before);
  });

  it('of an image whose registry does not answer is tried again, and not said to be missing', async () => {
    const { world, image } = await createWorld();
    world.trouble = new Failure('server', 'Cannot read the image: no answer');
    const spec = { type: 'image', workloads: all, image: `${image}:1.1.0`, ...defaults } as const;
    const id = await world.ask({ spec });
    await world.work();
    expect(await world.run(id)).toMatchObject({
      status: 'queued',
      error: { message: 'Cannot read the image: no answer' },
    });
  });

  it('of containers takes what is named, if the registry has it', async () => {
    const { world, image, release } = await createWorld();
    const containers = (tag: string) => ({
      type: 'containers' as const,
      containers: {
        'shop:deployment/web': [{ container: 'app', current: `${image}:1.0.0`, target: `${image}:${tag}` }],
      },
      skipMismatches: false,
      force: false,
    });
    const { run } = await release(containers('7.0.0'));
    expect(run).toMatchObject({
      status: 'failed',
      error: { message: `Cannot release "${image}:7.0.0": the registry has no such tag` },
    });
    await release(containers('2.0.0'));
    expect(await world.file('web.yaml')).toContain(':2.0.0');
  });

  it('only as a plan says what it would do', async () => {
    const { world, image, before, release } = await createWorld();
    const spec = { type: 'image', workloads: all, image: `${image}:1.1.0`, ...defaults } as const;
    const { run, results } = await release(spec, { plan: true });
    expect(run.status).toBe('succeeded');
    expect(results[0]).toEqual(['shop:deployment/web', 'success', undefined]);
    expect(await world.head()).toBe(before);
  });

  it('of policies changes annotations, and says what was so already or is not there', async () => {
    const { world, release } = await createWorld();
    const spec = {
      type: 'policy' as const,
      workloads: {
        'shop:deployment/web': { add: { automated: 'true' }, remove: [] },
        'shop:deployment/locked': { add: { locked: 'true' }, remove: [] },
        'shop:deployment/none': { add: { locked: 'true' }, remove: [] },
        'shop:Deployment/web': { add: { 'tag.app': 'semver:~~' }, remove: [] },
      },
    };
    const { run, results } = await release(spec);
    expect(run.pushed).toMatchObject([{ branch: 'main' }]);
    expect(results).toEqual([
      ['shop:deployment/web', 'failed', expect.stringContaining('the filter "semver:~~" cannot be read')],
      ['shop:deployment/locked', 'skipped', 'no changes made'],
      ['shop:deployment/none', 'skipped', 'not found in repository'],
    ]);
    expect(await world.file('web.yaml')).toContain("fluxcd.io/automated: 'true'");
  });

  it('of policies of a target that cannot be rendered has failed', async () => {
    const { world, release } = await createWorld();
    await world.repository.commit({ 'broken.yaml': 'kind: [' });
    const workloads = { 'shop:deployment/web': { add: { automated: 'true' }, remove: [] } };
    const { run } = await release({ type: 'policy', workloads });
    expect(run).toMatchObject({ status: 'failed', error: { message: expect.stringContaining('"broken.yaml"') } });
  });

  it.each([
    [{ automation: undefined }, 'the target is read-only'],
    [{ source: { url: 'https://git.example/acme/shop.git' } }, 'there is no credential for it'],
    [{ suspend: true }, 'it is suspended'],
  ])('of a target with %o is refused', async (fields, state) => {
    const world = await createReleaseWorld(server.host, fields);
    const id = await world.ask({ spec: { type: 'policy', workloads: {} } });
    await world.drain();
    expect(await world.run(id)).toMatchObject({ status: 'failed', error: { message: expect.stringContaining(state) } });
  });

  it('of a target that is not known, or was never synced, is refused', async () => {
    const world = await createReleaseWorld(server.host);
    const runs = [
      await world.ask({ spec: { type: 'policy', workloads: {} }, targets: ['none'] }),
      await world.ask({ spec: { type: 'policy', workloads: {} } }),
    ];
    await world.drain();
    const messages = await Promise.all(runs.map(async (id) => (await world.run(id)).error?.message));
    expect(messages).toEqual([
      'Cannot sync "none": there is no such target',
      'Cannot release to "shop": what it runs is not known yet',
    ]);
  });
});

describe('what cannot be done at all', () => {
  it('for one way of writing keeps what was written by another, and is tried again', async () => {
    const world = await createReleaseWorld(
      server.host,
      { source: { paths: ['a'] } },
      { source: { paths: ['b'] }, automation: { message: 'own: {message}' } },
    );
    const app = 'acme/half';
    for (const folder of ['a', 'b']) {
      await world.repository.commit({ [`${folder}/web.yaml`]: deployment('web', `${server.host}/${app}:1.0.0`) });
    }
    await world.commit({});
    await world.image(`${app}:1.1.0`);
    const { writer } = world.ports;
    let calls = 0;
    world.ports = {
      ...world.ports,
      writer: {
        async commit(request) {
          if (++calls === 2) throw new Failure('server', 'Cannot commit: other writers were faster 5 times');
          return await writer.commit(request);
        },
      },
    };
    const [id] = await world.event(`${app}:1.1.0`);
    await world.work();
    const half = await world.run(id);
    expect(half).toMatchObject({
      status: 'queued',
      error: { message: 'Cannot commit: other writers were faster 5 times' },
    });
    expect(half.pushed).toHaveLength(1);
    await world.drain();
    const whole = await world.run(id);
    expect(whole).toMatchObject({ status: 'succeeded' });
    expect(whole.pushed).toHaveLength(2);
    expect(await world.log()).toHaveLength(5);
  });

  it('since a registry lists what it does not have is tried again, and not for ever', async () => {
    const { world, app } = await createWorld();
    await world.commit({ 'web.yaml': deployment('web', `${server.host}/${app}:1.0.0`) });
    const tags = Array.from({ length: 150 }, (_, index) => `1.2.${index}`);
    world.ports = { ...world.ports, registry: { ...world.ports.registry, tags: async () => tags } };
    const id = await world.ask({ spec: { type: 'auto' }, cause: { kind: 'sweep', by: 'schedule' } });
    await world.work();
    expect(await world.run(id)).toMatchObject({
      status: 'queued',
      error: { message: 'Cannot choose images: what the registry has is not what it lists' },
    });
  });
});
