import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRegistry } from '../../../lib/adapters/registry/registry.ts';
import type { Registry } from '../../../lib/app/release-ports.ts';
import { parseImageRef } from '../../../lib/domain/images/image-ref.ts';
import { startTokenServer } from '../../fakes/registry-tokens.ts';
import {
  addTags,
  type DockerRegistry,
  oci,
  pushImage,
  pushManifest,
  reader,
  startDockerRegistry,
} from '../../parts/docker-registry.ts';
import { run } from '../../parts/run.ts';
import { writeLayout } from './oci-layout.ts';

const created = '2024-05-06T07:08:09.123456Z';
const config = { created, os: 'linux', architecture: 'amd64', config: { Labels: { team: 'shop' } } };

let server: DockerRegistry;
let base: string;
let registry: Registry;

function connect(host: string, secret?: string): Registry {
  return createRegistry({
    registries: [{ host, insecure: true, ...(secret !== undefined && { auth: { env: 'SECRET' } }) }],
    readSecret: async () => secret ?? '',
    patienceMs: 5000,
  });
}

beforeAll(async () => {
  server = await startDockerRegistry();
  base = `http://${server.host}`;
  registry = connect(server.host);
});

afterAll(async () => {
  registry[Symbol.dispose]();
  await server[Symbol.asyncDispose]();
});

function name(path: string) {
  return parseImageRef(`${server.host}/${path}`);
}

it.each([
  ['an OCI image', oci.manifest],
  ["Docker's own format", oci.dockerManifest],
])('%s is read: digest, created time, labels', async (title, mediaType) => {
  const path = `acme/${mediaType.includes('docker') ? 'docker' : 'oci'}`;
  const pushed = await pushImage(base, path, '1.0', config, { mediaType });
  expect(await registry.tags(name(path)), title).toEqual(['1.0']);
  expect(await registry.digest(name(path), '1.0')).toBe(pushed.digest);
  const image = await registry.image(name(path), '1.0');
  expect(image).toEqual({
    tag: '1.0',
    digest: pushed.digest,
    imageId: pushed.config,
    created: Date.parse('2024-05-06T07:08:09Z') + 123.456,
    labels: { team: 'shop' },
  });
  expect(await registry.image(name(path), pushed.digest)).toMatchObject({ digest: pushed.digest });
});

it('what skopeo copied is read', async () => {
  const layout = await mkdtemp(join(tmpdir(), 'layout-'));
  try {
    const digest = await writeLayout(layout, '2.0', config);
    await run('skopeo', [
      '--insecure-policy',
      'copy',
      '--dest-tls-verify=false',
      '--preserve-digests',
      `oci:${layout}:2.0`,
      `docker://${server.host}/acme/skopeo:2.0`,
    ]);
    expect(await registry.image(name('acme/skopeo'), '2.0')).toMatchObject({ digest, created: expect.any(Number) });
  } finally {
    await rm(layout, { recursive: true });
  }
});

it('of a list the image for linux/amd64 counts, and the digest is that of the list', async () => {
  const arm = await pushImage(base, 'acme/multi', 'arm', {
    ...config,
    architecture: 'arm64',
    created: '2020-01-01T00:00:00Z',
  });
  const amd = await pushImage(base, 'acme/multi', 'amd', config);
  const entry = (digest: string, architecture: string) => ({
    mediaType: oci.manifest,
    digest,
    size: 400,
    platform: { os: 'linux', architecture },
  });
  for (const [mediaType, tag] of [
    [oci.index, 'index'],
    [oci.dockerList, 'list'],
  ] as const) {
    const manifests = [entry(arm.digest, 'arm64'), entry(amd.digest, 'amd64')];
    const digest = await pushManifest(base, 'acme/multi', tag, { schemaVersion: 2, mediaType, manifests }, mediaType);
    expect(await registry.image(name('acme/multi'), tag)).toMatchObject({ tag, digest, imageId: amd.config });
    expect(await registry.digest(name('acme/multi'), tag)).toBe(digest);
  }
  const only = { schemaVersion: 2, mediaType: oci.index, manifests: [entry(arm.digest, 'arm64')] };
  await pushManifest(base, 'acme/multi', 'only-arm', only, oci.index);
  expect(await registry.image(name('acme/multi'), 'only-arm')).toEqual({
    tag: 'only-arm',
    excluded: 'no suitable manifest (linux amd64) in manifestlist',
  });
});

it.each([
  ['no time', {}, undefined],
  ["Go's zero time", { created: '0001-01-01T00:00:00Z' }, undefined],
  ['a time that is none', { created: 'yesterday' }, undefined],
  [
    'a label where the config has none',
    { config: { Labels: { 'org.opencontainers.image.created': '2024-01-01T00:00:00Z' } } },
    Date.parse('2024-01-01T00:00:00Z'),
  ],
  [
    'labels that are no map',
    { created: '2024-01-01T00:00:00Z', config: { Labels: 7 } },
    Date.parse('2024-01-01T00:00:00Z'),
  ],
])('a config with %s', async (title, odd, time) => {
  const path = `acme/${title.toLowerCase().replaceAll(/[^a-z]/g, '')}`;
  await pushImage(base, path, '1', odd);
  const image = await registry.image(name(path), '1');
  expect(image).toMatchObject({ tag: '1' });
  expect(image && 'created' in image ? image.created : undefined).toBe(time);
});

it('5,000 tags are listed', async () => {
  const { digest } = await pushImage(base, 'acme/many', 'v0', config);
  const tags = Array.from({ length: 5000 }, (_, index) => `v${index}`);
  await addTags(server, 'acme/many', digest, tags);
  const begin = performance.now();
  expect((await registry.tags(name('acme/many'))).toSorted()).toEqual(tags.toSorted());
  expect(performance.now() - begin).toBeLessThan(10_000);
});

it('what is not there is undefined, and a repository that is not there is missing', async () => {
  await pushImage(base, 'acme/there', '1', config);
  expect(await registry.image(name('acme/there'), '2')).toBeUndefined();
  expect(await registry.digest(name('acme/there'), '2')).toBeUndefined();
  await expect(registry.tags(name('acme/none'))).rejects.toMatchObject({
    fault: 'missing',
    message: `Cannot read the tags of "${server.host}/acme/none": the registry has no such repository`,
  });
});

it.each(['Acme/App', 'a//b', 'a/../b', 'a/b?x=1', 'a/b#c', `${'a'.repeat(256)}`])(
  'the name %j is never asked for',
  async (path) => {
    const odd = { domain: server.host, path };
    await expect(registry.tags(odd)).rejects.toMatchObject({ fault: 'user', code: 'NotAllowed' });
  },
);

it.each(['../x', '', 'a b', 'x'.repeat(129), 'sha256:12'])('the tag %j is never asked for', async (tag) => {
  await expect(registry.image(name('acme/there'), tag)).rejects.toMatchObject({ fault: 'user', code: 'NotAllowed' });
});

it.each(['127.0.0.1:1', 'localhost:1', 'registry:5000', 'metadata.google.internal', '169.254.169.254', 'x.local'])(
  'the host %s is only asked if the settings name it',
  async (domain) => {
    await expect(registry.tags({ domain, path: 'a/b' })).rejects.toMatchObject({ fault: 'user', code: 'NotAllowed' });
  },
);

it('basic authentication works with the right password, and a wrong one is not tried twice', async () => {
  await using guarded = await startDockerRegistry({ kind: 'basic' });
  const url = `http://${guarded.host}`;
  const authorization = `Basic ${Buffer.from(reader).toString('base64')}`;
  await pushImage(url, 'acme/app', '1', config, { authorization });
  const image = parseImageRef(`${guarded.host}/acme/app`);
  const auths = { auths: { [`http://${guarded.host}/v2/`]: { auth: Buffer.from(reader).toString('base64') } } };
  for (const secret of [reader, JSON.stringify(auths)]) {
    using known = connect(guarded.host, secret);
    expect(await known.tags(image)).toEqual(['1']);
    expect(await known.image(image, '1')).toMatchObject({ tag: '1' });
  }
  for (const secret of ['reader:wrong-password', undefined]) {
    using unknown = connect(guarded.host, secret);
    const failure = await unknown.tags(image).catch((error) => error);
    expect(failure).toMatchObject({ fault: 'user', code: 'Unauthorized' });
    expect(`${failure.message} ${failure.help}`).not.toContain('wrong-password');
  }
});

it('token authentication: one token for a repository, asked for again when it ends', async () => {
  await using tokens = await startTokenServer(reader);
  await using guarded = await startDockerRegistry({
    kind: 'token',
    realm: tokens.realm,
    certificate: tokens.certificate,
  });
  const registries = [
    { host: guarded.host, insecure: true, auth: { env: 'SECRET' } },
    { host: new URL(tokens.realm).host, insecure: true },
  ];
  using known = createRegistry({ registries, readSecret: async () => reader, patienceMs: 5000 });
  const image = parseImageRef(`${guarded.host}/acme/app`);
  await expect(known.tags(image)).rejects.toMatchObject({ fault: 'missing' });
  for (let count = 0; count < 5; count++) expect(await known.image(image, '1')).toBeUndefined();
  expect(tokens.requests.map(({ scope }) => scope)).toEqual(['repository:acme/app:pull']);
  expect(tokens.requests[0]?.authorization).toBe(`Basic ${Buffer.from(reader).toString('base64')}`);
  await known.tags(parseImageRef(`${guarded.host}/acme/other`)).catch(() => undefined);
  expect(tokens.requests.map(({ scope }) => scope)).toEqual(['repository:acme/app:pull', 'repository:acme/other:pull']);

  using stranger = createRegistry({ registries, readSecret: async () => 'reader:wrong', patienceMs: 5000 });
  await expect(stranger.tags(image)).rejects.toMatchObject({ fault: 'user', code: 'Unauthorized' });

  tokens.status = 500;
  using late = createRegistry({ registries, readSecret: async () => reader, patienceMs: 5000 });
  await expect(late.tags(image)).rejects.toMatchObject({
    fault: 'server',
    message: expect.stringContaining('token server answers 500'),
  });
});

it('a token server in plain HTTP is not asked unless the settings name it insecure', async () => {
  await using tokens = await startTokenServer(reader);
  await using guarded = await startDockerRegistry({
    kind: 'token',
    realm: tokens.realm,
    certificate: tokens.certificate,
  });
  using known = connect(guarded.host, reader);
  await expect(known.tags(parseImageRef(`${guarded.host}/acme/app`))).rejects.toMatchObject({
    fault: 'server',
    code: 'WrongAnswer',
    message: expect.stringMatching(/sends for a token to "http:\/\/127\.0\.0\.1:\d+", which is not asked$/),
  });
  expect(tokens.requests).toEqual([]);
});
