import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createForge, type ForgeOptions } from '../../../lib/adapters/forge/forge.ts';
import type { Proposal } from '../../../lib/app/release-ports.ts';
import { type ForgeName, type ForgeServer, startForge } from '../../fakes/forge-server.ts';
import { failureOf, secretsFrom, source } from '../git/shared.ts';

const paths: Readonly<Record<ForgeName, string>> = {
  github: 'acme/shop.git',
  gitlab: 'acme/team/shop.git',
  gitea: 'acme/shop',
};
const secrets = { TOKEN: 't0ken\n', WRONG: 'wr0ng' };
const first = { title: 'Auto-release shop:2', body: 'shop:1 → shop:2' };
const second = { title: 'Auto-release shop:3', body: 'shop:1 → shop:3' };

function forgeWith(options: Partial<ForgeOptions> = {}) {
  return createForge({ readSecret: secretsFrom(secrets), allowLocal: false, ...options });
}

describe.each(['github', 'gitlab', 'gitea'] as const)('%s', (name) => {
  let server: ForgeServer;
  let proposal: Proposal;
  let forge = forgeWith();

  beforeEach(async () => {
    server = await startForge(name);
    forge = forgeWith();
    const from = source(`${server.url}/${paths[name]}`, { auth: { token: { env: 'TOKEN' } } });
    proposal = { source: from, branch: 'sluice/main', ...first };
  });
  afterEach(() => server[Symbol.asyncDispose]());

  it('a request is opened, found again, and changed where its texts differ', async () => {
    const opened = await forge.propose(proposal);
    expect(opened).toEqual({ url: expect.stringMatching(/^https:\/\/forge\.example\/.*\/1$/), isNew: true });
    expect(server.opened).toEqual([{ head: 'sluice/main', base: 'main', ...first, state: 'open' }]);

    expect(await forge.propose(proposal)).toEqual({ url: opened.url, isNew: false });
    expect(server.requests.filter((line) => !line.startsWith('GET'))).toHaveLength(1);

    expect(await forge.propose({ ...proposal, ...second })).toEqual({ url: opened.url, isNew: false });
    expect(server.opened).toEqual([{ head: 'sluice/main', base: 'main', ...second, state: 'open' }]);
  });

  it('one that was closed is left alone, and so are those of other branches', async () => {
    const others = [
      { head: 'sluice/main', base: 'main', ...first, state: 'closed' as const },
      { head: 'sluice/main', base: 'release', ...first, state: 'open' as const },
      // More than a page of them.
      ...Array.from({ length: 60 }, (_, index) => ({
        head: `b${index}`,
        base: 'main',
        ...first,
        state: 'open' as const,
      })),
    ];
    server.opened.push(...others.map((one) => ({ ...one })));
    const opened = await forge.propose(proposal);
    expect(opened.isNew).toBe(true);
    expect(server.opened.slice(0, -1)).toEqual(others);
    expect(await forge.propose(proposal)).toEqual({ url: opened.url, isNew: false });
  });

  it('of two that open it at once, the slower one finds what the faster one opened, and its texts win', async () => {
    server.beforeOpening = () => {
      server.opened.push({ head: 'sluice/main', base: 'main', ...second, state: 'open' });
      server.beforeOpening = () => undefined;
    };
    expect((await forge.propose(proposal)).isNew).toBe(false);
    expect(server.opened).toEqual([{ head: 'sluice/main', base: 'main', ...first, state: 'open' }]);
  });

  it.each([
    [401, {}, 'user', 'Unauthorized', /the forge refuses it: no \(401\)$/],
    [403, {}, 'user', 'Forbidden', /the forge refuses it: no \(403\)$/],
    [403, { 'x-ratelimit-remaining': '0' }, 'server', 'TooManyRequests', /the forge asks to wait$/],
    [404, {}, 'missing', 'NotFound', /no such repository, or the token does not show it$/],
    [410, {}, 'user', 'Refused', /the forge refuses it: no \(410\)$/],
    [429, { 'retry-after': '30' }, 'server', 'TooManyRequests', /the forge asks to wait 30 s$/],
    [502, {}, 'server', 'Unreachable', /the forge answers no \(502\)$/],
    [301, { location: 'http://127.0.0.1:1/' }, 'user', 'Moved', /the forge sends us elsewhere \(301\)$/],
  ] as const)('an answer %i %j is a Failure', async (status, headers, fault, code, message) => {
    server.fault = { status, headers, body: '{"message":"no"}' };
    server.when = /pulls|merge_requests/;
    const failure = await failureOf(forge.propose(proposal));
    expect(failure).toMatchObject({ fault, code });
    expect(failure.message).toMatch(/^Cannot open a pull request for "sluice\/main" of "http:/);
    expect(failure.message).toMatch(message);
    expect(`${failure.message} ${failure.help}`).not.toContain('t0ken');
  });

  it('a request that is refused for another reason than a race says it', async () => {
    server.fault = {
      status: 422,
      body: JSON.stringify({
        message: 'Validation Failed',
        errors: [{ message: 'No commits between main and sluice' }],
      }),
    };
    server.when = /^POST/;
    const failure = await failureOf(forge.propose(proposal));
    expect(failure).toMatchObject({ fault: 'user', code: 'Refused' });
    expect(failure.message).toMatch(/: Validation Failed: No commits between main and sluice \(422\)$/);
  });

  it('a wrong token is refused, and named by its secret', async () => {
    const from = { ...proposal.source, auth: { token: { env: 'WRONG' } } };
    const failure = await failureOf(forge.propose({ ...proposal, source: from }));
    expect(failure).toMatchObject({ fault: 'user', code: 'Unauthorized' });
    expect(failure.help).toMatch(/\{ env: WRONG \}/);
  });

  it.each([
    ['[{"number":"1"}]', 'WrongAnswer'],
    ['<html>', 'WrongAnswer'],
    [`[${'"x",'.repeat(2_000_000)}1]`, 'TooLarge'],
  ])('an answer of another shape or size (%#) is a failure of the server', async (body, code) => {
    server.fault = { status: 200, body };
    server.when = /pulls|merge_requests/;
    expect(await failureOf(forge.propose(proposal))).toMatchObject({ fault: 'server', code });
  });

  it('a server that hangs is given up', async () => {
    server.fault = 'hang';
    const failure = await failureOf(forgeWith({ timeoutMs: 200 }).propose(proposal));
    expect(failure).toMatchObject({ fault: 'server', code: 'Unreachable' });
  });

  it('a run that is stopped ends at once', async () => {
    server.fault = 'hang';
    const failure = failureOf(forge.propose({ ...proposal, signal: AbortSignal.timeout(100) }));
    expect(await failure).toMatchObject({ code: 'Aborted' });
  });
});

it('a GitHub App opens requests with the token of its installation', async () => {
  await using server = await startForge('github');
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const tokens = createServer((_request, response) => response.writeHead(201).end('{"token":"t0ken"}'));
  await new Promise<void>((resolve) => tokens.listen(0, '127.0.0.1', resolve));
  const githubApi = `http://127.0.0.1:${(tokens.address() as AddressInfo).port}`;
  const forge = forgeWith({ githubApi, readSecret: secretsFrom({ KEY: privateKey }) });
  const githubApp = { appId: '42', installationId: '7', privateKey: { env: 'KEY' } };
  const from = source(`${server.url}/acme/shop.git`, { auth: { githubApp } });
  expect((await forge.propose({ source: from, branch: 'sluice/main', ...first })).isNew).toBe(true);
  tokens.close();
});

it.each([
  ['an SSH address', 'git@github.com:acme/shop.git', { sshKey: { env: 'TOKEN' } }],
  ['no credential', 'https://github.com/acme/shop.git', undefined],
  ['a file', 'file:///srv/shop.git', undefined],
])('%s has no token for an API', async (_what, url, auth) => {
  const from = source(url, auth && { auth });
  const failure = await failureOf(forgeWith({ allowLocal: true }).propose({ source: from, branch: 'b', ...first }));
  expect(failure).toMatchObject({ fault: 'user', code: 'NoToken' });
  expect(failure.help).toMatch(/automation\.auth to \{ token: … \}/);
});

it('plain HTTP to another machine is refused, and no token is sent', async () => {
  const from = source('http://git.example.com/acme/shop.git', { auth: { token: { env: 'TOKEN' } } });
  const failure = await failureOf(forgeWith().propose({ source: from, branch: 'b', ...first }));
  expect(failure.message).toMatch(/http:\/\/ is for loopback and local runs only$/);
});

it('a server that is none of these is said to be none', async () => {
  await using server = await startForge('github');
  server.fault = { status: 404 };
  const from = source(`${server.url}/acme/shop.git`, { auth: { token: { env: 'TOKEN' } } });
  const failure = await failureOf(forgeWith().propose({ source: from, branch: 'b', ...first }));
  expect(failure).toMatchObject({ fault: 'user', code: 'Unsupported' });
  expect(failure.message).toMatch(/"127\.0\.0\.1" is none of GitHub, GitLab, Gitea and Forgejo/);
});
