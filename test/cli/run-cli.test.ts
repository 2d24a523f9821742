import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCli } from '../../lib/cli/run-cli.ts';
import { createTerminal } from '../../lib/cli/terminal.ts';
import { readEnvironment } from '../../lib/config.ts';
import { noChanges } from '../../lib/domain/jobs/run.ts';
import type { TargetStatus } from '../../lib/domain/jobs/target-status.ts';
import { doneRun, type Fixture, head, startFixture } from './serve-fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture[Symbol.asyncDispose]());

/** Runs a command line on a terminal of `columns`, or on none. */
async function run(
  args: string,
  columns: number | undefined,
  variables: Record<string, string> = {},
  typed: readonly string[] = [],
) {
  const out: string[] = [];
  const err: string[] = [];
  const size = columns === undefined ? {} : { isTTY: true, columns };
  const environment = readEnvironment({ SLUICE_URL: fixture.url, SLUICE_TOKEN: 'admin-token', ...variables });
  const terminal = createTerminal(
    { ...size, write: (text) => out.push(text) },
    { ...size, write: (text) => err.push(text) },
    environment,
    Object.assign(Readable.from(typed), size),
  );
  const code = await runCli(args === '' ? [] : args.split(' '), terminal, environment);
  return { code, out: out.join(''), err: err.join('') };
}

const escapeCode = '\u001b';

it.each(['help', 'help plan', 'status', 'targets', 'runs'])(
  'no line of %s is wider than a terminal of 60',
  async (args) => {
    const { code, out } = await run(args, 60, { NO_COLOR: '1' });
    expect(code).toBe(0);
    const lines = out.split('\n').filter((line) => !/^ {2}sluice |^shop-staging: |^Usage: /.test(line));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  },
);

it('a narrow table keeps its first columns whole', async () => {
  const { out } = await run('runs', 60, { NO_COLOR: '1' });
  expect(out).toContain('run-done    shop-staging  succeeded  main@bbbbbbb');
});

it('a terminal gets colours, the failed line in red', async () => {
  const { out } = await run('status', 100);
  expect(out).toContain(`${escapeCode}[31mshop-staging  failed`);
});

it.each([
  ['without a terminal', undefined, {}],
  ['with NO_COLOR', 100, { NO_COLOR: '1' }],
  ['on a dumb terminal', 100, { TERM: 'dumb' }],
])('there are no colours %s', async (_, columns, variables) => {
  const { out } = await run('status', columns, variables);
  expect(out).not.toContain(escapeCode);
  expect((await run('snyc', columns, variables)).err).not.toContain(escapeCode);
});

it('a target that is orphaned or deleted is told so, and has no source or nothing applied', async () => {
  const own = await startFixture();
  const { applied: _, ...deleted } = { ...fixture.targets[0], name: 'deleted', suspended: true } as TargetStatus;
  own.targets = [deleted, { name: 'old', orphaned: true, suspended: false, attempted: head }];
  const variables = { SLUICE_URL: own.url, NO_COLOR: '1' };
  const [targets, status, old] = await Promise.all(
    ['targets', 'status', 'status old'].map((args) => run(args, 160, variables)),
  );
  await own[Symbol.asyncDispose]();
  expect(targets?.out).toMatch(/^old +orphaned: no longer in sluice.yaml +- +- +-$/m);
  expect(status?.out).toMatch(/\nold +orphaned +- +main@bbbbbbb.*\ndeleted +deleted +- /);
  expect(old?.out).toMatch(/^Target: +old\nStatus: +orphaned\n/);
});

it('a run that is tried again is told with its last error, by status, runs and sync', async () => {
  const own = await startFixture();
  const error = {
    fault: 'server',
    message: 'Cannot read "u": no answer',
    help: 'It is tried again after 30 s',
  } as const;
  const lastRun = { id: 'run-new', status: 'queued', at: '2026-01-01T11:58:00Z', error } as const;
  own.targets = [{ ...fixture.targets[0], name: 'docs', suspended: false, lastRun }];
  const { finishedAt: _, ...begun } = doneRun;
  const queued = { ...begun, id: 'run-new', status: 'queued', againAt: '2100-01-01T00:00:00Z', error } as const;
  own.steps = [queued];
  const variables = { SLUICE_URL: own.url, NO_COLOR: '1' };
  const [status, shown, sync] = await Promise.all(
    ['status', 'runs run-new', 'sync docs --timeout 1s'].map((args) => run(args, 160, variables)),
  );
  await own[Symbol.asyncDispose]();
  expect(status?.out).toMatch(/^docs +retrying /m);
  expect(status?.out).toContain('docs: Cannot read "u": no answer\n  It is tried again after 30 s');
  expect(shown?.out).toMatch(/^Status: +retrying$/m);
  expect(shown?.out).toMatch(/^Next attempt: +in \d+d$/m);
  expect(sync?.out).toContain('This attempt failed: Cannot read "u": no answer. It is tried again after 30 s\n');
  expect(sync?.err).toContain('it is still queued (Cannot read "u": no answer)');
});

it('a run that waits tells for what, by status, runs and sync', async () => {
  const own = await startFixture();
  const waitingFor = 'default:deployment/web: 1 of 3 replicas are available';
  const lastRun = { id: 'run-new', status: 'running', at: '2026-01-01T11:58:00Z', waitingFor } as const;
  own.targets = [{ ...fixture.targets[0], name: 'docs', suspended: false, lastRun, health: 'InProgress' }];
  const { finishedAt: _, ...begun } = doneRun;
  own.steps = [{ ...begun, id: 'run-new', status: 'running', phase: 'waiting', waitingFor }];
  const variables = { SLUICE_URL: own.url, NO_COLOR: '1' };
  const [status, one, shown, sync] = await Promise.all(
    ['status', 'status docs', 'runs run-new', 'sync docs --timeout 1s'].map((args) => run(args, 160, variables)),
  );
  await own[Symbol.asyncDispose]();
  expect(status?.out).toMatch(/^docs +waiting /m);
  expect(status?.out).toContain(`docs waits for ${waitingFor}\n`);
  expect(one?.out).toMatch(new RegExp(`^Waiting for: +${waitingFor}$`, 'm'));
  expect(shown?.out).toMatch(new RegExp(`^Waiting for: +${waitingFor}$`, 'm'));
  expect(sync?.out).toContain(`Applied; waiting for ${waitingFor} ...\n`);
});

it('progress is shown on a terminal and taken away, and not where there is none or CI is set', async () => {
  const steps = () => [{ ...doneRun, status: 'queued' as const }, doneRun];
  fixture.steps = steps();
  expect((await run('sync docs', 100)).err).toMatch(new RegExp(`^queued for 0s \\.\\.\\.\r${escapeCode}\\[K`));
  fixture.steps = steps();
  expect((await run('sync docs', undefined)).err).toBe('');
  fixture.steps = steps();
  expect((await run('sync docs', 100, { CI: 'true' })).err).toBe('');
});

it.each([
  ['targets', 'targets'],
  ['status', 'targets'],
  ['runs', 'runs'],
  ['status shop-staging', 'lastRun'],
  ['runs run-failed', 'objects'],
  ['sync docs', 'objects'],
  ['sync docs --no-wait', 'objects'],
  ['delete docs --yes', 'objects'],
  ['version', 'sluice'],
])('%s -o json is one JSON document', async (args, key) => {
  const { code, out, err } = await run(`${args} -o json`, undefined);
  expect([code, err]).toEqual([0, '']);
  expect(JSON.parse(out)).toHaveProperty(key);
});

it.each([
  ['y', '', false],
  ['Yes', '', false],
  ['y', ' --orphan', true],
])('a deletion answered with %s on a terminal is asked for%s', async (answer, flags, orphan) => {
  fixture.deleted.length = 0;
  fixture.steps = [{ ...doneRun, kind: 'delete', objects: [], changes: { ...noChanges, deleted: 3 } }];
  const { code, out, err } = await run(`delete docs${flags}`, 200, { NO_COLOR: '1' }, [`${answer}\n`]);
  expect(code).toBe(0);
  expect(err).toMatch(
    orphan ? /^Leave every object of target "docs" in its cluster/ : /^Delete every object of target/,
  );
  expect(out).toMatch(
    /Done: 3 deleted\.\n"docs" is still in sluice.yaml: the next push or sweep \S+ everything again\./,
  );
  expect(fixture.deleted).toEqual([{ name: 'docs', orphan }]);
});

it.each([['n\n'], ['\n'], ['']])('a deletion answered with %j on a terminal is not asked for', async (typed) => {
  fixture.deleted.length = 0;
  const { code, err } = await run('delete docs', 100, { NO_COLOR: '1' }, typed === '' ? [] : [typed]);
  expect(code).toBe(1);
  expect(err).toContain('[y/N] sluice: Cannot delete "docs": the answer was not yes\n  Nothing was deleted\n');
  expect(fixture.deleted).toEqual([]);
});

it('a deletion without a terminal needs --yes, whatever is piped into it', async () => {
  fixture.deleted.length = 0;
  const message = 'Cannot delete "docs": there is no terminal to ask whether it is meant\n  Add --yes if it is\n';
  const refused = await run('delete docs', undefined, {}, ['y\n']);
  expect(refused).toEqual({ code: 1, out: '', err: `sluice: ${message}` });
  expect(fixture.deleted).toEqual([]);
  expect((await run('delete docs --yes --no-wait', undefined)).out).toContain('Queued as run run-new');
  expect(fixture.deleted).toEqual([{ name: 'docs', orphan: false }]);
});

it.each([
  ['snyc', 1, 'Cannot run "sluice snyc": no such command; did you mean sync?\n  Run "sluice help" for the list'],
  ['help snyc', 1, 'Cannot run "sluice snyc": no such command; did you mean sync?\n  Run "sluice help" for the list'],
  ['constructor', 1, 'Cannot run "sluice constructor": no such command\n  Run "sluice help" for the list'],
  [
    'sync docs --timeot 3m',
    1,
    'Cannot run "sluice sync": unknown flag --timeot; did you mean --timeout?\n  Run "sluice help sync"',
  ],
  ['sync docs --timeout 3', 1, 'Cannot wait for "3": it is no duration\n  Write it as 90s, 5m or 1h'],
  ['sync', 1, 'Cannot run "sluice sync": TARGET is missing\n  Run "sluice help sync"'],
  ['sync absent', 1, 'Cannot find the target "absent"\n  List them with "sluice targets"'],
  ['runs absent', 1, 'Cannot find the run "absent"\n  List them with "sluice runs"'],
  ['runs --limit 0', 1, 'Cannot list the runs: --limit is no whole number above 0'],
  ['targets -o yaml', 1, 'Cannot run "sluice targets": -o takes json, not "yaml"'],
  [
    'validate absent.yaml',
    1,
    'Cannot read "absent.yaml": no such file\n  Name the settings file, or run where sluice.yaml is',
  ],
  ['serve --port 99999', 1, 'Cannot listen on port "99999": it is no number from 0 to 65535'],
  [
    'plan --kubeconfg x',
    2,
    'Cannot run "sluice plan": unknown flag --kubeconfg; did you mean --kubeconfig?\n  Run "sluice help plan"',
  ],
])('sluice %s exits %i with one clear message', async (args, code, message) => {
  expect(await run(args, undefined)).toEqual({ code, out: '', err: `sluice: ${message}\n` });
});

it.each(['', 'help', '--help', '-h'])('sluice %s shows the commands', async (args) => {
  const { code, out } = await run(args, undefined);
  expect(code).toBe(0);
  for (const name of ['serve', 'validate', 'plan', 'sync', 'status', 'targets', 'runs', 'delete', 'version', 'help']) {
    expect(out).toMatch(new RegExp(`^ {2}${name} +\\S`, 'm'));
  }
});

it('each command has a help with usage, flags and examples, as --help too', async () => {
  for (const name of ['serve', 'plan', 'sync', 'delete', 'runs']) {
    const { code, out } = await run(`help ${name}`, undefined);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`\nUsage: sluice ${name} [^]*\nFlags:\n[^]*\nExamples:\n {2}sluice ${name}`));
    expect((await run(`${name} --help`, undefined)).out).toBe(out);
  }
});
