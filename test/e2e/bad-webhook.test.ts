import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, type Serve, startServe } from './serve.ts';

/** Nothing is there: what is tried here ends at the answer to the delivery. */
const url = 'https://git.invalid/acme/shop.git';
const commit = 'a'.repeat(40);
const secret = 'canary-webhook-secret';
const signingToken = `whsec_${Buffer.from(secret).toString('base64')}`;
const mebibyte = 1024 ** 2;

let serve: Serve;

beforeAll(async () => {
  serve = await startServe({
    settings: {
      webhooks: [
        { id: 'github', sender: 'github', secret: [{ file: 'webhook-secret' }, { file: 'older-secret' }] },
        { id: 'gitlab', sender: 'gitlab', secret: { file: 'webhook-secret' } },
        { id: 'gitlab-signed', sender: 'gitlab', secret: { file: 'signing-token' } },
        { id: 'generic', sender: 'generic', secret: { file: 'webhook-secret' } },
        { id: 'rotating', sender: 'github', secret: [{ env: 'CANARY_NEXT' }, { file: 'webhook-secret' }] },
        { id: 'unset', sender: 'github', secret: { env: 'CANARY_UNSET' } },
      ],
      targets: [
        { name: 'shop', source: { url, branch: 'main' }, cluster: { kubeconfig: { env: 'KUBECONFIG' } }, interval: 0 },
        {
          name: 'asleep',
          source: { url, branch: 'asleep' },
          cluster: { kubeconfig: { env: 'KUBECONFIG' } },
          suspend: true,
        },
      ],
    },
    secrets: { 'webhook-secret': secret, 'older-secret': 'canary-older-secret', 'signing-token': signingToken },
  });
});
afterAll(() => serve[Symbol.asyncDispose]());

type Fields = Readonly<Record<string, unknown>>;

interface Delivery {
  /** JSON, or the bytes as they are. */
  readonly body?: Fields | string;
  readonly event?: string;
  readonly secret?: string;
  /** Beside those of the sender; an empty one is left out. */
  readonly headers?: Readonly<Record<string, string>>;
}

function sign(key: string, text: string): string {
  return `sha256=${createHmac('sha256', key).update(text).digest('hex')}`;
}

async function post(webhook: string, text: string, headers: Readonly<Record<string, string>>): Promise<Answer> {
  const sent = Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== ''));
  return await serve.request('POST', `/webhooks/${webhook}`, text, sent);
}

const githubPush = { ref: 'refs/heads/main', before: '0'.repeat(40), after: commit, repository: repositoryOf(url) };

function repositoryOf(address: string): Fields {
  return { clone_url: address, ssh_url: address };
}

function github(delivery: Delivery, webhook = 'github'): Promise<Answer> {
  const { body = githubPush, event = 'push', secret: key = secret, headers = {} } = delivery;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return post(webhook, text, {
    'x-github-event': event,
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': sign(key, text),
    ...headers,
  });
}

const gitlabPush = {
  ref: 'refs/heads/main',
  before: '0'.repeat(40),
  after: commit,
  checkout_sha: commit,
  project: { git_http_url: url, git_ssh_url: 'git@git.invalid:acme/shop.git' },
};

function gitlab({ body = gitlabPush, event = 'Push Hook', secret: key = secret, headers = {} }: Delivery) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return post('gitlab', text, { 'x-gitlab-event': event, 'x-gitlab-token': key, ...headers });
}

function gitlabSigned(seconds: number, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  const text = JSON.stringify(gitlabPush);
  const signed = { 'webhook-id': randomUUID(), 'webhook-timestamp': String(Math.floor(Date.now() / 1000) + seconds) };
  const proof = createHmac('sha256', Buffer.from(secret))
    .update(`${signed['webhook-id']}.${signed['webhook-timestamp']}.${text}`)
    .digest('base64');
  return post('gitlab-signed', text, {
    'x-gitlab-event': 'Push Hook',
    ...signed,
    'webhook-signature': `v1,${proof}`,
    ...headers,
  });
}

function generic({ body = { url, ref: 'main' }, secret: key = secret, headers = {} }: Delivery): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return post('generic', text, { 'x-signature': sign(key, text), ...headers });
}

const form = { 'content-type': 'application/x-www-form-urlencoded' };

/** What is delivered, the status of DESIGN §5.2, and what the answer says. */
const deliveries: readonly (readonly [what: string, deliver: () => Promise<Answer>, status: number, said?: RegExp])[] =
  [
    ['github: a push', () => github({}), 202, /^Queued 1 sync$/],
    ['github: a push signed with the older secret', () => github({ secret: 'canary-older-secret' }), 202],
    ['github: a push signed with that of two secrets which can be read', () => github({}, 'rotating'), 202],
    [
      'github: a push signed with that of two secrets which is not set yet',
      () => github({ secret: 'canary-next' }, 'rotating'),
      503,
      /^Cannot queue the delivery$/,
    ],
    [
      'github: a push as a form',
      () => github({ body: `payload=${encodeURIComponent(JSON.stringify(githubPush))}`, headers: form }),
      202,
    ],
    ['gitlab: a push', () => gitlab({}), 202],
    ['gitlab: a signed push', () => gitlabSigned(0), 202],
    ['generic: a push', () => generic({}), 202],
    ['github: a ping', () => github({ event: 'ping', body: { zen: 'x', hook_id: 1 } }), 204],
    ['github: an event that is ignored', () => github({ event: 'issues', body: { action: 'opened' } }), 204],
    ['github: a deleted branch', () => github({ body: { ...githubPush, after: '0'.repeat(40) } }), 204],
    ['github: a branch of no target', () => github({ body: { ...githubPush, ref: 'refs/heads/other' } }), 204],
    ['github: a tag', () => github({ body: { ...githubPush, ref: 'refs/tags/main' } }), 204],
    [
      'github: a repository of no target',
      () => github({ body: { ...githubPush, repository: repositoryOf('https://git.invalid/acme/other.git') } }),
      204,
    ],
    ['gitlab: an event that is ignored', () => gitlab({ event: 'Issue Hook', body: { object_kind: 'issue' } }), 204],
    ['generic: a repository of no target', () => generic({ body: { url: 'https://x.invalid/y', ref: 'main' } }), 204],
    ['github: no signature', () => github({ headers: { 'x-hub-signature-256': '' } }), 401, /X-Hub-Signature-256$/],
    [
      'github: a wrong secret',
      () => github({ secret: 'wrong' }),
      401,
      /^Cannot verify the delivery: no configured secret/,
    ],
    [
      'github: a body that was changed on the way',
      () => github({ headers: { 'x-hub-signature-256': sign(secret, '{}') } }),
      401,
    ],
    ['github: an unsigned text that is no JSON', () => github({ body: 'x', secret: 'wrong' }), 401],
    ['gitlab: a wrong token', () => gitlab({ secret: 'wrong' }), 401, /X-Gitlab-Token/],
    [
      'gitlab: a token where a signature is asked for',
      () => gitlabSigned(0, { 'webhook-signature': '', 'x-gitlab-token': signingToken }),
      401,
    ],
    [
      'gitlab: a failed signature beside the right token',
      () => gitlabSigned(0, { 'webhook-signature': 'v1,AAAA', 'x-gitlab-token': signingToken }),
      401,
    ],
    ['gitlab: a signature of ten minutes ago', () => gitlabSigned(-600), 401, /at most five minutes old/],
    ['generic: a wrong secret', () => generic({ secret: 'wrong' }), 401, /X-Signature$/],
    ['an id that is not there', () => post('nobody', '{}', {}), 404, /nothing at this path$/],
    ['github: no JSON', () => github({ body: '{"ref":' }), 400, /its body is not JSON in UTF-8$/],
    ['github: a form without payload', () => github({ body: 'other=1', headers: form }), 400],
    ['gitlab: no JSON', () => gitlab({ body: 'x' }), 400],
    ['generic: no JSON', () => generic({ body: '' }), 400],
    [
      'github: another shape',
      () => github({ body: { ref: 'refs/heads/main' } }),
      422,
      /: before is missing or not what github sends$/,
    ],
    [
      'gitlab: another shape',
      () => gitlab({ body: { ...gitlabPush, project: {} } }),
      422,
      /: project\.git_http_url is missing or not what gitlab sends$/,
    ],
    ['generic: another shape', () => generic({ body: { url } }), 422, /: ref is missing or not what generic sends$/],
    ['8 MiB', () => post('github', 'x'.repeat(8 * mebibyte), {}), 401],
    ['one byte more', () => post('github', 'x'.repeat(8 * mebibyte + 1), {}), 413, /its body is over 8 MiB$/],
    [
      'a secret of ours that is not set',
      () => post('unset', '{}', { 'x-hub-signature-256': sign('', '{}') }),
      503,
      /^Cannot queue the delivery$/,
    ],
  ];

describe('the answer to a delivery is', () => {
  it.each(deliveries.map(([what, deliver, status, said]) => ({ what, deliver, status, said })))(
    '$what',
    async (row) => {
      const { deliver, status, said } = row;
      const answer = await deliver();
      expect(answer.status, JSON.stringify(answer.body)).toBe(status);
      if (status === 204) expect(answer.body).toBe('');
      else if (status === 202) {
        expect(answer.body).toMatchObject({
          message: expect.stringMatching(said ?? /^Queued/),
          runs: [expect.any(String)],
        });
      } else {
        expect(answer.body.error.message).toMatch(said ?? /^Cannot /);
        expect(answer.body.error.fault).toBe(status === 503 ? 'server' : status === 404 ? 'missing' : 'user');
      }
      expect(JSON.stringify(answer.body)).not.toMatch(/canary/i);
    },
  );

  it('413 as soon as more than 8 MiB have come, whatever was announced', async () => {
    const socket = connect(Number(new URL(serve.url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => undefined);
    socket.write('POST /webhooks/github HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n');
    const chunk = `100000\r\n${'x'.repeat(mebibyte)}\r\n`;
    for (let sent = 0; sent < 64 && answer === ''; sent++) {
      if (!socket.write(chunk)) await Promise.race([once(socket, 'drain'), once(socket, 'close'), sleep(200)]);
    }
    await Promise.race([once(socket, 'close'), sleep(2000)]);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it('202 for a suspended target, whose run says why nothing is done', async () => {
    const { status, body } = await github({ body: { ...githubPush, ref: 'refs/heads/asleep' } });
    expect(status).toBe(202);
    expect(await serve.ended(body.runs[0])).toMatchObject({
      status: 'skipped',
      error: {
        message: 'Cannot sync "asleep": it is suspended',
        help: 'Set suspend: false for it in sluice.yaml; the next push or sweep then syncs it',
      },
    });
  });
});

it('who runs the server reads of each refusal, and of no secret', () => {
  expect(serve.output).toContain('"message":"A delivery was refused"');
  expect(serve.output).toContain('Cannot read the secret \\"{ env: CANARY_UNSET }\\": no such variable');
  expect(serve.output).not.toContain('canary');
});

it('who starts the server reads which secrets of webhooks cannot be read', () => {
  const started = serve.output.slice(0, serve.output.indexOf('listens on'));
  const warnings = started.split('\n').filter((line) => line.includes('a secret of a webhook cannot be read'));
  expect(warnings.map((line) => JSON.parse(line))).toMatchObject([
    { webhook: 'rotating', error: 'Cannot read the secret "{ env: CANARY_NEXT }": no such variable' },
    { webhook: 'unset', error: 'Cannot read the secret "{ env: CANARY_UNSET }": no such variable' },
  ]);
});
