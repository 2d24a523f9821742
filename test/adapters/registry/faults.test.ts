import { afterAll, beforeAll, expect, it } from 'vitest';
import { createBudget } from '../../../lib/adapters/registry/budget.ts';
import { createRegistry } from '../../../lib/adapters/registry/registry.ts';
import { parseImageRef } from '../../../lib/domain/images/image-ref.ts';
import {
  type ProxyAnswer,
  type ProxyRequest,
  type RegistryFault,
  startRegistryProxy,
} from '../../fakes/registry-proxy.ts';
import { addTags, type DockerRegistry, pushImage, startDockerRegistry } from '../../parts/docker-registry.ts';

const config = { created: '2024-05-06T07:08:09Z' };

let server: DockerRegistry;
let digest: string;

beforeAll(async () => {
  server = await startDockerRegistry();
  ({ digest } = await pushImage(`http://${server.host}`, 'acme/app', '1', config));
  await addTags(
    server,
    'acme/app',
    digest,
    Array.from({ length: 250 }, (_, index) => `v${String(index).padStart(3, '0')}`),
  );
});

afterAll(() => server[Symbol.asyncDispose]());

async function behind(
  faultOf: (request: ProxyRequest) => RegistryFault | undefined,
  options: { readonly timeoutMs?: number; readonly patienceMs?: number } = {},
) {
  const proxy = await startRegistryProxy(server.host, faultOf);
  const registry = createRegistry({
    registries: [{ host: proxy.host, insecure: true, auth: { env: 'SECRET' } }],
    readSecret: async () => 'user:password',
    timeoutMs: 1500,
    patienceMs: 4000,
    ...options,
  });
  return {
    proxy,
    registry,
    image: parseImageRef(`${proxy.host}/acme/app`),
    async [Symbol.asyncDispose]() {
      registry[Symbol.dispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

/** The pages of the distribution spec, which Debian's registry does not make: `n` tags behind `last`. */
function paged(size: number, { path }: ProxyRequest, answer: ProxyAnswer): ProxyAnswer {
  const last = new URL(path, 'http://x').searchParams.get('last') ?? '';
  const { name, tags } = JSON.parse(answer.body.toString()) as { name: string; tags: string[] };
  const rest = tags.toSorted().filter((tag) => tag > last);
  const body = Buffer.from(JSON.stringify({ name, tags: rest.slice(0, size) }));
  const next = `</v2/acme/app/tags/list?n=${size}&last=${rest[size - 1]}>; rel="next"`;
  return {
    ...answer,
    headers: { ...(rest.length > size && { link: next }), 'content-length': String(body.length) },
    body,
  };
}

it('tags are read page by page', async () => {
  await using scene = await behind((request) => ({ alter: (answer) => paged(40, request, answer) }));
  const tags = await scene.registry.tags(scene.image);
  expect(new Set(tags).size).toBe(251);
  expect(tags).toHaveLength(251);
  expect(scene.proxy.requests.filter(({ path }) => path.includes('last='))).toHaveLength(6);
});

it.each<[string, Record<string, string>]>([
  ['another host', { link: '<https://other.example/v2/acme/app/tags/list?last=1>; rel="next"' }],
  ['nothing', { link: '<>; rel="next"' }],
  ['something else', { link: '</v2/acme/app/tags/list?last=1>; rel="prev"' }],
])('a next page at %s is not read', async (_, headers) => {
  await using scene = await behind(() => ({
    alter: (answer) => ({ ...answer, headers: { ...answer.headers, ...headers } }),
  }));
  expect(await scene.registry.tags(scene.image)).toHaveLength(251);
});

it('pages that go in a circle end', async () => {
  const link = '</v2/acme/app/tags/list?last=1>; rel="next"';
  await using scene = await behind(() => ({
    alter: (answer) => ({ ...answer, headers: { ...answer.headers, link } }),
  }));
  await expect(scene.registry.tags(scene.image)).rejects.toMatchObject({
    code: 'WrongAnswer',
    message: expect.stringContaining('circle'),
  });
});

it('a 429 is waited for as long as it says, by everybody who asks that host', async () => {
  await using scene = await behind(({ before, path }) => {
    return path.endsWith('/manifests/1') && before === 0 ? { answer: 429, headers: { 'retry-after': '1' } } : undefined;
  });
  const begin = performance.now();
  const first = scene.registry.image(scene.image, '1');
  while (scene.proxy.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await scene.registry.digest(scene.image, 'v001');
  expect(performance.now() - begin).toBeGreaterThan(900);
  expect(await first).toMatchObject({ digest });
});

it('a wait that is longer than a job can is said at once', async () => {
  await using scene = await behind(() => ({ answer: 429, headers: { 'retry-after': '3600' } }));
  const begin = performance.now();
  await expect(scene.registry.tags(scene.image)).rejects.toMatchObject({
    fault: 'server',
    code: 'TooManyRequests',
    message: expect.stringMatching(/asks to wait 3600 s$/),
  });
  await expect(scene.registry.digest(scene.image, '1')).rejects.toMatchObject({ code: 'TooManyRequests' });
  expect(performance.now() - begin).toBeLessThan(2000);
  expect(scene.proxy.requests).toHaveLength(1);
});

it.each<[string, RegistryFault]>([
  ['500', { answer: 500 }],
  ['503', { answer: 503, headers: { 'retry-after': '0' } }],
  ['a cut connection', { reset: true }],
  ['half an answer', { truncate: 20 }],
  ['no answer in time', { delayMs: 2500 }],
])('%s passes if the next try is answered', async (_, fault) => {
  await using scene = await behind(({ before }) => (before === 0 ? fault : undefined), { patienceMs: 10_000 });
  expect(await scene.registry.image(scene.image, '1')).toMatchObject({ digest, created: Date.parse(config.created) });
});

it.each<[string, RegistryFault, string]>([
  ['500', { answer: 500 }, 'the registry answers 500'],
  ['a cut connection', { reset: true }, 'the connection failed (ECONNRESET)'],
])('%s for ever ends with a failure of the server', async (_, fault, found) => {
  await using scene = await behind(() => fault, { patienceMs: 3000 });
  await expect(scene.registry.tags(scene.image)).rejects.toMatchObject({
    fault: 'server',
    message: expect.stringContaining(found),
  });
  expect(scene.proxy.requests.length).toBeLessThanOrEqual(4);
});

function replace(part: string, body: string): (request: ProxyRequest) => RegistryFault | undefined {
  return ({ path }) => (path.includes(part) ? { answer: 200, body } : undefined);
}

it.each<[string, (request: ProxyRequest) => RegistryFault | undefined, string]>([
  [
    'a manifest that was changed on the way',
    () => ({ alter: (answer) => ({ ...answer, headers: { 'docker-content-digest': `sha256:${'0'.repeat(64)}` } }) }),
    'the manifest has another digest than it says',
  ],
  [
    'a config that was changed',
    replace('/blobs/', '{"created": "2030-01-01T00:00:00Z"}'),
    'the config of the image has another digest',
  ],
  [
    'a config that is gone',
    ({ path }) => (path.includes('/blobs/') ? { answer: 404 } : undefined),
    'the config of the image is not there',
  ],
  ['a page of HTML', replace('/manifests/', '<html>'), 'its answer is no manifest'],
])('%s is not believed', async (_, fault, found) => {
  await using scene = await behind(fault);
  await expect(scene.registry.image(scene.image, '1')).rejects.toMatchObject({
    fault: 'server',
    code: 'WrongAnswer',
    message: expect.stringContaining(found),
  });
});

it.each([
  ['<html>', 'its answer is no list of tags'],
  ['{"tags": [1]}', 'its answer is no list of tags'],
])('tags that are %s are not believed', async (body, found) => {
  await using scene = await behind(() => ({ answer: 200, body }));
  await expect(scene.registry.tags(scene.image)).rejects.toMatchObject({
    code: 'WrongAnswer',
    message: expect.stringContaining(found),
  });
});

it('tags that no registry may have are left out, and null is none', async () => {
  await using odd = await behind(() => ({ answer: 200, body: JSON.stringify({ tags: ['1', '../x', 'a b', ''] }) }));
  expect(await odd.registry.tags(odd.image)).toEqual(['1']);
  await using none = await behind(() => ({ answer: 200, body: '{"name": "acme/app", "tags": null}' }));
  expect(await none.registry.tags(none.image)).toEqual([]);
});

it('an answer without end is ended', async () => {
  await using scene = await behind(({ path }) =>
    path.includes('/manifests/') ? { answer: 200, body: Buffer.alloc(5 * 1024 * 1024, 32) } : undefined,
  );
  await expect(scene.registry.image(scene.image, '1')).rejects.toMatchObject({ code: 'TooLarge' });
});

it('a registry that does not say the digest is asked for the whole manifest', async () => {
  await using scene = await behind(() => ({
    alter: (answer) => ({ ...answer, headers: { 'content-type': answer.headers['content-type'] ?? '' } }),
  }));
  expect(await scene.registry.digest(scene.image, '1')).toBe(digest);
});

it('who a registry sends us to gets no credentials', async () => {
  await using store = await startRegistryProxy(server.host, () => undefined);
  const proxy = await startRegistryProxy(server.host, ({ path, headers }) => {
    if (headers.authorization === undefined) return { answer: 401, headers: { 'www-authenticate': 'Basic realm="x"' } };
    return path.includes('/blobs/') ? { answer: 307, headers: { location: `http://${store.host}${path}` } } : undefined;
  });
  const registries = [
    { host: proxy.host, insecure: true, auth: { env: 'SECRET' } },
    { host: store.host, insecure: true },
  ];
  using registry = createRegistry({ registries, readSecret: async () => 'user:password' });
  expect(await registry.image(parseImageRef(`${proxy.host}/acme/app`), '1')).toMatchObject({ digest });
  expect(store.requests).toHaveLength(1);
  expect(store.requests[0]?.headers.authorization).toBeUndefined();
  expect(proxy.requests.some(({ headers }) => headers.authorization !== undefined)).toBe(true);
  await proxy[Symbol.asyncDispose]();
});

it.each([
  'http://169.254.169.254/latest/meta-data',
  'http://127.0.0.1:1/x',
  'https://127.0.0.1:1/x',
  'https://localhost/x',
  'https://localhost./x',
  'https://0x7f000001/x',
  'https://[::1]/x',
  'https://user:password@example.com/x',
  'http://example.com/x',
  'file:///etc/passwd',
])('a redirect or a realm at %s is not visited', async (address) => {
  await using redirecting = await behind(() => ({ answer: 302, headers: { location: address } }));
  await expect(redirecting.registry.tags(redirecting.image)).rejects.toMatchObject({
    code: 'WrongAnswer',
    message: expect.stringContaining('which is not asked'),
  });
  await using asking = await behind(() => ({
    answer: 401,
    headers: { 'www-authenticate': `Bearer realm="${address}",service="x"` },
  }));
  await expect(asking.registry.tags(asking.image)).rejects.toMatchObject({
    code: 'WrongAnswer',
    message: expect.stringContaining('which is not asked'),
  });
});

it('redirects in a circle end', async () => {
  await using scene = await behind(({ path }) => ({ answer: 302, headers: { location: path } }));
  await expect(scene.registry.tags(scene.image)).rejects.toMatchObject({
    message: expect.stringContaining('redirects in a circle'),
  });
});

it('a stopped run stops the question', async () => {
  await using scene = await behind(() => ({ delayMs: 1000 }));
  const stop = new AbortController();
  const question = scene.registry.tags(scene.image, stop.signal);
  setTimeout(() => stop.abort(), 50);
  await expect(question).rejects.toMatchObject({ code: 'Aborted' });
});

it('nobody listens', async () => {
  using registry = createRegistry({
    registries: [{ host: '127.0.0.1:1', insecure: true }],
    readSecret: async () => '',
    patienceMs: 500,
  });
  await expect(registry.tags({ domain: '127.0.0.1:1', path: 'a/b' })).rejects.toMatchObject({
    fault: 'server',
    code: 'Unreachable',
  });
});

it('a host is asked ten things at once at most, half as often after each 429, and recovers', async () => {
  const clock = { now: 0 };
  const budget = createBudget(() => clock.now);
  let most = 0;
  let active = 0;
  async function request(): Promise<void> {
    most = Math.max(most, ++active);
    await new Promise((resolve) => setTimeout(resolve, 400));
    active--;
  }
  const all = Array.from({ length: 15 }, () => budget.take('a', request, 1e9));
  clock.now += 1e6;
  await Promise.all(all);
  expect(most).toBe(10);
  clock.now += 1e6;
  budget.slow('a', 5000);
  expect(budget.wait('a')).toBe(5000);
  expect(budget.wait('b')).toBe(0);
  expect(await budget.take('a', async () => 'asked', 1000)).toBeUndefined();
  clock.now += 5000;
  expect(await budget.take('a', async () => 'asked', 1000)).toBe('asked');
  expect(budget.wait('a')).toBe(40);
  clock.now += 30 * 60_000;
  await budget.take('a', async () => 'asked', 1000);
  expect(budget.wait('a')).toBeLessThan(40);
});

it('a question that was stopped while it waited for its turn does not keep others waiting', async () => {
  const budget = createBudget();
  const stop = new AbortController();
  const held = Promise.withResolvers<void>();
  const active = Array.from({ length: 10 }, () => budget.take('a', () => held.promise, 10_000));
  const stopped = budget.take('a', async () => 'asked', 10_000, stop.signal);
  const last = budget.take('a', async () => 'asked', 10_000);
  stop.abort();
  held.resolve();
  await expect(stopped).rejects.toThrow();
  await Promise.all(active);
  expect(await last).toBe('asked');
});
