import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { sha256Hex } from '../../lib/domain/digest.ts';
import { createSettingsSource } from '../../lib/lambda/settings-source.ts';
import { createLog } from '../../lib/log.ts';
import { startAws } from '../adapters/aws/client.ts';
import { createJobWorld } from '../app/jobs/job-world.ts';
import { refusal } from '../parts/connect.ts';

const address = 's3://acme-config/sluice.yaml';

function etagOf(text: string): string {
  return `"${sha256Hex(text)}"`;
}

function settings(...targets: readonly string[]): string {
  const lines = targets.map(
    (name) =>
      `- { name: ${name}, source: { url: https://h.example/a, branch: main }, cluster: { kubeconfig: { ssm: /sluice/dev/kubeconfig/${name} } } }`,
  );
  return `version: 1\ntargets:\n${lines.join('\n')}\n`;
}

/** An object in S3 that may change or fail, a store, and a clock that is moved; each `open` is a new process. */
async function start() {
  const { store } = createJobWorld().ports;
  const state = { text: settings('a'), status: 200, now: 1_000_000 };
  const logged: string[] = [];
  const { client, aws } = await startAws(({ headers }) => {
    const etag = etagOf(state.text);
    if (state.status !== 200)
      return { status: state.status, body: `<Code>${state.status === 403 ? 'AccessDenied' : 'SlowDown'}</Code>` };
    return headers['if-none-match'] === etag ? { status: 304 } : { headers: { etag }, body: state.text };
  });
  function open(config = address) {
    const log = createLog((line) => logged.push(JSON.parse(line).message));
    return createSettingsSource(config, { client, store, clock: () => state.now, log, stage: 'dev' });
  }
  async function names(source = open()): Promise<readonly string[]> {
    return (await source.current()).targets.map(({ name }) => name);
  }
  return { state, aws, logged, open, names };
}

const refused = 'alarm: settings refused, the last good ones stay in force';

it('settings that travel with the function are read once, and S3 is not asked', async () => {
  const { open, names, aws } = await start();
  const directory = mkdtempSync(join(tmpdir(), 'sluice-settings-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'sluice.json');
  const cluster = { kubeconfig: { aws: 'sluice/dev/kubeconfig/a' } };
  const target = { name: 'a', source: { url: 'https://h.example/a', branch: 'main' }, cluster, interval: '1h' };
  writeFileSync(file, JSON.stringify({ version: 1, targets: [target] }));
  const source = open(file);
  expect(await names(source)).toEqual(['a']);
  rmSync(file);
  expect(await names(source)).toEqual(['a']);
  expect(aws.calls).toEqual([]);
});

it('a change in S3 counts after a minute, and until then nothing is asked', async () => {
  const { state, aws, open, names } = await start();
  const source = open();
  await names(source);
  state.text = settings('a', 'b');
  state.now += 59_000;
  expect([await names(source), aws.calls.length]).toEqual([['a'], 1]);
  state.now += 1000;
  expect([await names(source), aws.calls.length]).toEqual([['a', 'b'], 2]);
  state.now += 60_000;
  await names(source);
  expect(aws.calls.at(-1)?.headers['if-none-match']).toBe(etagOf(state.text));
});

it.each([
  ['no YAML', 'version: [1'],
  ['wrong', settings('A')],
  ['for a local run', settings('a').replace('ssm: /sluice/dev/kubeconfig/a', 'file: a')],
])('a copy that is %s is refused with an alarm each minute, and the last good one stays', async (_, text) => {
  const { state, logged, open, names } = await start();
  const source = open();
  await names(source);
  state.text = text;
  for (let minute = 1; minute <= 3; minute++) {
    state.now += 60_000;
    expect(await names(source)).toEqual(['a']);
  }
  expect(logged.filter((message) => message === refused)).toHaveLength(3);
  state.text = settings('a', 'c');
  state.now += 60_000;
  expect(await names(source)).toEqual(['a', 'c']);
});

it('a process that starts while the copy is wrong goes on with what was kept in the store', async () => {
  const { state, logged, open, names } = await start();
  const source = open();
  await source.current();
  await source.keep();
  state.text = 'version: 2';
  expect(await names()).toEqual(['a']);
  expect(logged).toContain(refused);
});

it('a process that starts with what was kept asks S3 only whether it is still the same', async () => {
  const { aws, open, names, state } = await start();
  const source = open();
  await source.current();
  await source.keep();
  expect(await names()).toEqual(['a']);
  expect(aws.calls.at(-1)?.headers['if-none-match']).toBe(etagOf(state.text));
});

it('where S3 does not answer, the last good settings stay, without an alarm', async () => {
  const { state, logged, open, names } = await start();
  const source = open();
  await names(source);
  state.status = 503;
  state.now += 60_000;
  expect(await names(source)).toEqual(['a']);
  expect(logged).toContain('settings could not be looked for');
  expect(logged).not.toContain(refused);
});

it('without any good settings the Failure says what is wrong with those that are there', async () => {
  const { state, names } = await start();
  state.text = 'version: 2';
  expect(await refusal(names())).toMatchObject({ fault: 'user', code: 'InvalidSettings' });
  state.status = 403;
  expect(await refusal(names())).toMatchObject({ fault: 'missing' });
});
