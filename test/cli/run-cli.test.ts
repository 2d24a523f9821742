import { afterAll, beforeAll, expect, it } from 'vitest';
import { runCli } from '../../lib/cli/run-cli.ts';
import { createTerminal } from '../../lib/cli/terminal.ts';
import { readEnvironment } from '../../lib/config.ts';
import { doneRun, type Fixture, startFixture } from './serve-fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture[Symbol.asyncDispose]());

/** Runs a command line on a terminal of `columns`, or on none. */
async function run(args: string, columns: number | undefined, variables: Record<string, string> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const size = columns === undefined ? {} : { isTTY: true, columns };
  const environment = readEnvironment({ SLUICE_URL: fixture.url, SLUICE_TOKEN: 'deployer-token', ...variables });
  const terminal = createTerminal(
    { ...size, write: (text) => out.push(text) },
    { ...size, write: (text) => err.push(text) },
    environment,
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
  ['version', 'sluice'],
])('%s -o json is one JSON document', async (args, key) => {
  const { code, out, err } = await run(`${args} -o json`, undefined);
  expect([code, err]).toEqual([0, '']);
  expect(JSON.parse(out)).toHaveProperty(key);
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
  for (const name of ['serve', 'validate', 'plan', 'sync', 'status', 'targets', 'runs', 'version', 'help']) {
    expect(out).toMatch(new RegExp(`^ {2}${name} +\\S`, 'm'));
  }
});

it('each command has a help with usage, flags and examples, as --help too', async () => {
  for (const name of ['serve', 'plan', 'sync', 'runs']) {
    const { code, out } = await run(`help ${name}`, undefined);
    expect(code).toBe(0);
    expect(out).toMatch(new RegExp(`\nUsage: sluice ${name} [^]*\nFlags:\n[^]*\nExamples:\n {2}sluice ${name}`));
    expect((await run(`${name} --help`, undefined)).out).toBe(out);
  }
});
