import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { noChanges } from '../../lib/domain/jobs/run.ts';
import { doneRun, type Fixture, failedRun, startFixture } from './serve-fixture.ts';

const bin = join(import.meta.dirname, '../../lib/cli/sluice.js');
let fixture: Fixture;
let directory: string;

beforeAll(async () => {
  fixture = await startFixture();
  directory = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
});
afterAll(async () => {
  await fixture[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the real bin, whose streams are no terminal. */
async function sluice(args: string, environment: Record<string, string> = {}): Promise<Result> {
  const child = spawn(bin, args === '' ? [] : args.split(' '), {
    cwd: directory,
    env: { PATH: process.env.PATH, SLUICE_URL: fixture.url, SLUICE_TOKEN: 'deployer-token', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, out, err };
}

it('targets are a table for people, aligned and without colours where there is no terminal', async () => {
  const { code, out, err } = await sluice('targets');
  expect([code, err]).toEqual([0, '']);
  expect(out.split('\n')).toEqual([
    'TARGET        SOURCE                                   BRANCH  PATHS             SUSPENDED',
    'docs          https://github.com/acme/shop-deploy.git  main    clusters/staging  no',
    'fresh         https://github.com/acme/shop-deploy.git  main    clusters/staging  no',
    'shop-staging  https://github.com/acme/shop-deploy.git  main    clusters/staging  no',
    '',
  ]);
});

it('status has the failed target first, and below the table why and what to do', async () => {
  const { code, out } = await sluice('status');
  expect(code).toBe(0);
  const lines = out.split('\n');
  expect(lines.slice(0, 4).map((line) => line.split(/ {2,}/).slice(0, 4))).toEqual([
    ['TARGET', 'STATUS', 'APPLIED', 'ATTEMPTED'],
    ['shop-staging', 'failed', 'main@aaaaaaa', 'main@bbbbbbb'],
    ['fresh', 'never synced', '-', '-'],
    ['docs', 'ready', 'main@bbbbbbb', 'main@bbbbbbb'],
  ]);
  expect(lines.slice(4)).toEqual([
    '',
    'shop-staging: Cannot apply "shop:deployment/web": spec.replicas: Invalid value',
    '  Correct it in git and push',
    '',
  ]);
});

it('the status of one target shows both revisions, the help and the failed object, no escape of its message obeyed', async () => {
  const { out } = await sluice('status shop-staging');
  expect(out).toContain(`Applied:    main@sha1:${'a'.repeat(40)}\n`);
  expect(out).toContain(`Attempted:  main@sha1:${'b'.repeat(40)}\n`);
  expect(out).toContain('\n  Correct it in git and push\n');
  expect(out).toContain('shop:deployment/web      failed   spec.replicas: Invalid value \\x1b[31m\n');
});

it('runs follow the pages up to the limit', async () => {
  const ids = async (args: string) =>
    (await sluice(args)).out
      .split('\n')
      .slice(1, -1)
      .map((line) => line.split(' ')[0]);
  expect(await ids('runs')).toEqual(['run-done', 'run-failed']);
  expect(await ids('runs --limit 1')).toEqual(['run-done']);
  expect((await sluice('runs --target docs')).out).toMatch(/^There are no runs yet/);
});

it('runs of a target that there is not exit 1 and say so', async () => {
  expect(await sluice('runs --target nope')).toEqual({
    code: 1,
    out: '',
    err: 'sluice: Cannot find the target "nope"\n  List them with "sluice targets"\n',
  });
});

it('a sync prints the phases, the objects and the end', async () => {
  fixture.steps = [
    { ...doneRun, status: 'running', phase: 'applying' },
    { ...doneRun, status: 'running', phase: 'waiting' },
    doneRun,
  ];
  const { code, out, err } = await sluice('sync docs');
  expect([code, err]).toEqual([0, '']);
  expect(out).toBe(`Synchronizing with https://github.com/acme/shop-deploy.git
Revision of main to apply is bbbbbbb
Waiting for bbbbbbb to be applied ...
Applied; waiting for the objects to become ready ...

OBJECT               ACTION      MESSAGE
shop:deployment/web  configured  spec.replicas was taken from hpa

Warning: Deployment shop:web sets a name twice in env

Done: 1 configured, 8 unchanged.
`);
});

it.each([
  ['user', 1],
  ['missing', 1],
  ['server', 2],
] as const)('a sync whose run fails by a %s fault exits %i and says why', async (fault, expected) => {
  fixture.steps = [{ ...failedRun, error: { fault, message: 'Cannot a', help: 'Do b' } }];
  const { code, out } = await sluice('sync docs');
  expect(code).toBe(expected);
  expect(out).toContain('Error: Cannot a\n  Do b\n\nThe run has failed: 1 created, 7 unchanged, 1 failed.\n');
});

it('a sync that a newer run made needless waits for that one', async () => {
  fixture.steps = [{ ...doneRun, status: 'skipped', supersededBy: 'run-done', objects: [] }];
  const { code, out } = await sluice('sync docs');
  expect(code).toBe(0);
  expect(out).toContain('The newer run run-done took over\n');
  expect(out).toMatch(/Done: 1 configured, 8 unchanged\.\n$/);
});

it('a sync gives up after --timeout, exits 2 and says how to look again', async () => {
  fixture.steps = [{ ...doneRun, status: 'queued', changes: noChanges, objects: [] }];
  const { code, err } = await sluice('sync docs --timeout 1s');
  expect(code).toBe(2);
  expect(err).toBe(`sluice: Cannot wait longer for run "run-new": it is still queued
  It goes on; see "sluice runs run-new"
`);
});

it('a sync outlives a restart of the server', async () => {
  const own = await startFixture();
  own.steps = [
    { ...doneRun, status: 'running' },
    { ...doneRun, status: 'running' },
  ];
  const result = sluice('sync docs', { SLUICE_URL: own.url });
  await vi.waitFor(() => expect(own.steps).toHaveLength(1), { timeout: 10_000 });
  await own[Symbol.asyncDispose]();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  await using _ = await startFixture(own.port);
  expect(await result).toMatchObject({ code: 0, err: '' });
});

it('a wrong command exits 1, its message on standard error alone', async () => {
  const err =
    'sluice: Cannot run "sluice snyc": no such command; did you mean sync?\n  Run "sluice help" for the list\n';
  expect(await sluice('snyc')).toEqual({ code: 1, out: '', err });
});

it('no server is told with what to do, exit 2, and as JSON where JSON was asked for', async () => {
  const gone = await startFixture();
  await gone[Symbol.asyncDispose]();
  const environment = { SLUICE_URL: gone.url };
  const message = `Cannot reach "${gone.url}": connection refused`;
  const help = 'Start a server with "sluice serve", or name one with --url or SLUICE_URL';
  expect(await sluice('status', environment)).toEqual({ code: 2, out: '', err: `sluice: ${message}\n  ${help}\n` });
  const { code, out, err } = await sluice('status -o json', environment);
  expect([code, out, JSON.parse(err)]).toEqual([2, '', { error: { fault: 'server', message, help } }]);
});

it.each([
  ['no token', '', 'it asks for a token, and none was given'],
  ['a token that is not known', 's3cr3t', 'it does not know the token'],
])('%s exits 1 and never shows a token', async (_, token, found) => {
  const { code, err } = await sluice('targets', { SLUICE_TOKEN: token });
  expect(code).toBe(1);
  expect(err).toContain(`: ${found}\n  Set SLUICE_TOKEN to a token of api.tokens in its sluice.yaml\n`);
  expect(err).not.toContain('s3cr3t');
});

it('a role too low exits 1 and is told which one it takes', async () => {
  const { code, err } = await sluice('sync docs', { SLUICE_TOKEN: 'viewer-token' });
  expect(code).toBe(1);
  expect(err).toBe(
    'sluice: Cannot answer: the token "eyes" has the role viewer\n  Use a token with the role deployer\n',
  );
});

it('--url and --token count for more than the environment', async () => {
  const environment = { SLUICE_URL: 'http://127.0.0.1:1', SLUICE_TOKEN: 'x' };
  const { code } = await sluice(`targets --url ${fixture.url}/ --token viewer-token`, environment);
  expect(code).toBe(0);
});

it.each([
  ['another server', 200, 'text/html', '<html>'],
  ['a broken gateway', 502, 'text/html', '<html>'],
  ['JSON of something else', 200, 'application/json', '{"items":[]}'],
  ['a redirect', 302, 'text/plain', ''],
])('an address that answers as %s is told as not ours', async (_, status, type, body) => {
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': type, location: fixture.url }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { code, err } = await sluice('targets', { SLUICE_URL: url });
  expect(code).toBe(2);
  expect(err).toMatch(`sluice: Cannot read the answer of "${url}": HTTP ${status}, and not what Sluice answers\n`);
});

it('a server that hangs up is unreachable', async () => {
  const server = createSocketServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { code, err } = await sluice('targets', { SLUICE_URL: url });
  expect(code).toBe(2);
  expect(err).toContain(`Cannot reach "${url}": the connection was closed\n`);
});

it('validate counts what is there, and tells every problem on a line of its own', async () => {
  const target = 'source: { url: https://h.example/a, branch: main }, cluster: { kubeconfig: { env: K } }';
  const file = join(directory, 'good.yaml');
  writeFileSync(file, `version: 1\ntargets: [{ name: a, ${target} }, { name: b, ${target} }]\n`);
  expect(await sluice('validate good.yaml')).toEqual({
    code: 0,
    out: 'good.yaml is fine: 2 targets, 0 webhooks, 0 tokens\n',
    err: '',
  });
  writeFileSync(file, `version: 2\ntargets: [{ name: a, brnch: x, ${target} }, { name: a, ${target} }]\n`);
  const { code, err } = await sluice('validate good.yaml');
  expect(code).toBe(1);
  expect(err.split('\n')).toEqual([
    'sluice: Cannot use "good.yaml": 3 problems',
    '  version: Expected 1, found 2',
    expect.stringMatching(/^ {2}targets\[0\]\.brnch: Unknown key/),
    '  targets[1].name: Expected a name of its own: targets[0] has the same',
    '  Correct the file and try "sluice validate"',
    '',
  ]);
});

it('validate --aws takes only secrets that the roles of the functions reach', async () => {
  const file = join(directory, 'aws.yaml');
  const webhook = (secret: string) => `version: 1\nwebhooks: [{ id: a, sender: github, secret: ${secret} }]\n`;
  writeFileSync(file, webhook('{ ssm: /sluice/prod/webhook/a }'));
  expect(await sluice('validate --aws --stage prod aws.yaml')).toMatchObject({ code: 0 });
  expect(await sluice('validate --aws aws.yaml')).toMatchObject({ code: 0 });
  expect(await sluice('validate --aws --stage dev aws.yaml')).toMatchObject({
    code: 1,
    err: expect.stringContaining('webhooks[0].secret: Expected a name that begins with /sluice/dev/webhook/'),
  });
  writeFileSync(file, webhook('{ env: HOOK }'));
  expect(await sluice('validate aws.yaml')).toMatchObject({ code: 0 });
  expect(await sluice('validate --aws aws.yaml')).toMatchObject({ code: 1 });
});
