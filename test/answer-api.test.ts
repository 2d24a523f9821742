import { beforeEach, expect, it } from 'vitest';
import type { Answer } from '../lib/answer.ts';
import { type ApiHandlers, type ApiRequest, answerApi } from '../lib/answer-api.ts';
import { Run, RunPage, TargetList, TargetStatus } from '../lib/api.ts';
import { Failure } from '../lib/domain/failure.ts';
import { noChanges, type Run as RunRecord } from '../lib/domain/jobs/run.ts';
import { createLog } from '../lib/log.ts';

const run: RunRecord = {
  id: 'r1',
  target: 'shop',
  kind: 'sync',
  cause: { kind: 'manual', by: 'ci' },
  revision: `main@sha1:${'a'.repeat(40)}`,
  status: 'succeeded',
  queuedAt: '2026-01-01T00:00:00Z',
  changes: { ...noChanges, failed: 1 },
  objects: [{ id: 'shop:deployment/web', action: 'failed', error: 'no' }],
};
const status = {
  name: 'shop',
  source: { url: 'https://h/a', branch: 'main', paths: ['.'] },
  suspended: false,
} as const;

const asked: unknown[] = [];
const lines: string[] = [];
let failure: unknown;
const handlers: ApiHandlers = {
  tokens: [
    { name: 'eyes', role: 'viewer', value: 'view-token' },
    { name: 'ci', role: 'deployer', value: 'deploy-token' },
    { name: 'boss', role: 'admin', value: 'admin-token' },
  ],
  async listTargets() {
    if (failure) throw failure;
    return [status];
  },
  async showTarget(name) {
    return name === 'shop' ? status : undefined;
  },
  async requestSync(target, { by, takeOver }) {
    asked.push({ target, by, ...(takeOver && { takeOver }) });
    if (failure) throw failure;
    return target === 'shop' ? run : undefined;
  },
  async requestDelete(target, { by, orphan }) {
    asked.push({ target, by, orphan });
    if (failure) throw failure;
    return { ...run, kind: 'delete' };
  },
  async listRuns(query) {
    asked.push(query);
    return { runs: [run], next: 'r0' };
  },
  async showRun(id) {
    return id === 'r1' ? run : undefined;
  },
};

beforeEach(() => {
  asked.length = 0;
  lines.length = 0;
  failure = undefined;
});

function ask(request: Partial<ApiRequest> & { path: readonly string[] }): Promise<Answer> {
  const log = createLog((line) => lines.push(line));
  const whole = { method: 'GET', query: new URLSearchParams(), authorization: 'Bearer admin-token', ...request };
  return answerApi(whole, handlers, log);
}

it.each([
  [['targets'], TargetList],
  [['targets', 'shop'], TargetStatus],
  [['runs'], RunPage],
  [['runs', 'r1'], Run],
])('GET %j answers in its schema', async (path, schema) => {
  const { status, body } = await ask({ path });
  expect(status).toBe(200);
  expect(schema.safeParse(JSON.parse(JSON.stringify(body))).success).toBe(true);
});

it('runs are asked for by target and page', async () => {
  await ask({ path: ['runs'], query: new URLSearchParams('target=shop&after=r9') });
  await ask({ path: ['runs'], query: new URLSearchParams('target=') });
  expect(asked).toEqual([{ target: 'shop', after: 'r9' }, {}]);
});

it('a sync answers 202 with the run and its place, in the name of the token', async () => {
  const answer = await ask({ path: ['targets', 'shop', 'sync'], method: 'POST', authorization: 'Bearer deploy-token' });
  expect(answer).toEqual({ status: 202, headers: { location: '/v1/runs/r1' }, body: run });
  expect(asked).toEqual([{ target: 'shop', by: 'ci' }]);
});

it.each([
  ['nothing', undefined],
  ['an empty token', 'Bearer '],
  ['another token', 'Bearer view-toke'],
  ['a longer token', 'Bearer view-tokenx'],
  ['another scheme', 'Basic view-token'],
  ['no scheme', 'view-token'],
])('%s as authorization is 401', async (_, authorization) => {
  const answer = await ask({ path: ['targets'], authorization });
  expect(answer).toMatchObject({
    status: 401,
    headers: { 'www-authenticate': 'Bearer' },
    body: { error: { fault: 'user', message: 'Cannot answer: no token, or one that is not known' } },
  });
});

it('without a token nobody learns which paths there are', async () => {
  expect((await ask({ path: ['nowhere'], authorization: undefined })).status).toBe(401);
});

it.each([
  ['viewer', 'view-token', 403],
  ['deployer', 'deploy-token', 202],
  ['admin', 'admin-token', 202],
])('a %s who asks for a sync gets the right status', async (_, token, expected) => {
  const answer = await ask({ path: ['targets', 'shop', 'sync'], method: 'POST', authorization: `Bearer ${token}` });
  expect(answer.status).toBe(expected);
});

it('only an admin may take a target over from another installation', async () => {
  const query = new URLSearchParams({ takeOver: 'true' });
  const path = ['targets', 'shop', 'sync'];
  const refused = await ask({ path, query, method: 'POST', authorization: 'Bearer deploy-token' });
  expect([refused.status, asked]).toEqual([403, []]);
  expect((await ask({ path, query, method: 'POST', authorization: 'Bearer admin-token' })).status).toBe(202);
  expect(asked).toEqual([{ target: 'shop', by: 'boss', takeOver: true }]);
});

it('a role too low is told which one it takes', async () => {
  const answer = await ask({ path: ['targets', 'shop', 'sync'], method: 'POST', authorization: 'Bearer view-token' });
  expect(answer.body).toEqual({
    error: {
      fault: 'missing',
      message: 'Cannot answer: the token "eyes" has the role viewer',
      help: 'Use a token with the role deployer',
    },
  });
});

it.each([
  ['GET', ['targets', 'none'], 404, 'Cannot find the target "none"'],
  ['GET', ['runs', 'none'], 404, 'Cannot find the run "none"'],
  ['POST', ['targets', 'none', 'sync'], 404, 'Cannot find the target "none"'],
  ['GET', [], 404, 'Cannot answer: there is nothing at this path'],
  ['GET', ['targets', ''], 404, 'Cannot answer: there is nothing at this path'],
  ['GET', ['targets', 'shop', 'x'], 404, 'Cannot answer: there is nothing at this path'],
  ['POST', ['targets'], 405, 'Cannot answer: the method is not one of this path'],
  ['GET', ['targets', 'shop', 'sync'], 405, 'Cannot answer: the method is not one of this path'],
])('%s %j is %i', async (method, path, expected, message) => {
  expect(await ask({ method, path })).toMatchObject({ status: expected, body: { error: { message } } });
});

it.each([
  [new Failure('user', 'Cannot a', { help: 'Do b' }), 422, { fault: 'user', message: 'Cannot a', help: 'Do b' }],
  [new Failure('missing', 'Cannot a'), 404, { fault: 'missing', message: 'Cannot a' }],
  [new Failure('server', 'Cannot a'), 500, { fault: 'server', message: 'Cannot a' }],
])('the fault of %s decides the status', async (thrown, expected, error) => {
  failure = thrown;
  expect(await ask({ path: ['targets'] })).toEqual({ status: expected, body: { error } });
});

it('a queue that refuses a sync is 503 with Retry-After', async () => {
  failure = new Failure('server', 'Cannot send 1 message');
  const answer = await ask({ path: ['targets', 'shop', 'sync'], method: 'POST' });
  expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
});

it.each([
  ['viewer', 'view-token', 403],
  ['deployer', 'deploy-token', 403],
  ['admin', 'admin-token', 202],
])('a %s who asks for a deletion gets the right status', async (_, token, expected) => {
  const answer = await ask({ path: ['targets', 'shop'], method: 'DELETE', authorization: `Bearer ${token}` });
  expect(answer.status).toBe(expected);
  expect(asked).toHaveLength(expected === 202 ? 1 : 0);
});

it.each([
  ['', false],
  ['orphan=true', true],
  ['orphan=false', false],
])('DELETE with ?%s answers with the run and its place; the objects stay: %s', async (query, orphan) => {
  const answer = await ask({ path: ['targets', 'shop'], method: 'DELETE', query: new URLSearchParams(query) });
  expect(answer).toEqual({ status: 202, headers: { location: '/v1/runs/r1' }, body: { ...run, kind: 'delete' } });
  expect(Run.safeParse(answer.body).success).toBe(true);
  expect(asked).toEqual([{ target: 'shop', by: 'boss', orphan }]);
});

it.each([
  [new Failure('missing', 'Cannot delete "shop": sluice.yaml has no such target'), 404],
  [new Failure('server', 'Cannot send 1 message'), 503],
])('a deletion that ends with %s is %i', async (thrown, expected) => {
  failure = thrown;
  expect((await ask({ path: ['targets', 'shop'], method: 'DELETE' })).status).toBe(expected);
});

it('an orphaned target answers in the schema of targets, without a source', () => {
  const orphan = { name: 'old', orphaned: true, suspended: false };
  expect(TargetList.safeParse({ targets: [orphan, status] })).toMatchObject({ success: true });
  expect(TargetStatus.safeParse({ ...orphan, orphaned: false }).success).toBe(false);
});

it('an unforeseen error is told by kind and place only, and in the log', async () => {
  failure = new TypeError('s3cr3t');
  const answer = await ask({ path: ['targets'] });
  expect(answer).toMatchObject({ status: 500, body: { error: { fault: 'server' } } });
  expect(JSON.stringify(answer) + lines.join()).not.toContain('s3cr3t');
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ error: 'TypeError', at: expect.any(Array) }]);
});
