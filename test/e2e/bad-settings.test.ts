import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandEnd, sluiceIn } from './command.ts';
import { startServe } from './serve.ts';

let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-settings-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Runs the bin where `sluice.yaml` has this text. */
async function sluice(settings: string, ...args: readonly string[]): Promise<CommandEnd> {
  writeFileSync(join(directory, 'sluice.yaml'), settings);
  return await sluiceIn(directory, args);
}

const fiveMistakes = `version: 1
webhooks:
  - { id: acme, sender: githb, secret: { env: HOOK } }
targets:
  - name: shop
    source: { url: "https://ada:canary-password@git.example/shop.git", branch: main }
    cluster: { kubeconfig: canary-kubeconfig }
    interval: soon
    prun: false
`;

const allFive = `sluice: Cannot use "sluice.yaml": 5 problems
  webhooks[0].sender: Expected one of 18 known words, found "githb"; did you mean github?
  targets[0].source.url: Expected an https://, ssh:// or user@host:path address, without credentials; they belong into auth
  targets[0].cluster.kubeconfig: Expected a secret: { file: path }, { env: NAME }, { aws: id, key?: field } or { ssm: name }
  targets[0].interval: Expected a duration such as 90s, 5m or 1h
  targets[0].prun: Unknown key; did you mean prune?
  Correct the file and try "sluice validate"
`;

const good = 'version: 1\napi: { tokens: [{ name: ci, role: admin, secret: { env: SLUICE_API_TOKEN } }] }\n';

describe('settings with five mistakes are told with all five, each with its path, and no value that may be a secret', () => {
  it.each([
    ['validate', ['validate']],
    ['serve', ['serve', '--port', '0']],
    ['plan', ['plan', 'shop']],
  ])('by sluice %s', async (command, args) => {
    const { code, out, err } = await sluice(fiveMistakes, ...args);
    expect(err).toBe(allFive);
    expect([code, out]).toEqual([command === 'plan' ? 2 : 1, '']);
  });
});

it('without git says what to install', async () => {
  const path = join(directory, 'path');
  mkdirSync(path);
  symlinkSync(process.execPath, join(path, 'node'));
  writeFileSync(join(directory, 'sluice.yaml'), good);
  expect(await sluiceIn(directory, ['serve', '--port', '0'], { PATH: path })).toEqual({
    code: 1,
    out: '',
    err: 'sluice: Cannot use git: there is none on the search path\n  Install git 2.39 or newer and put it on PATH\n',
  });
});

const idle = `version: 1
registries: [{ host: registry.example }]
targets:
  - name: shop
    source: { url: "https://git.example/shop.git", branch: main, auth: { token: { ssm: /shop/token } } }
    cluster: { kubeconfig: { env: KUBECONFIG_SHOP } }
    interval: 0
helmRepositories: { "https://charts.example": "https://mirror.example" }
`;
const warnings = [
  'Warning: registries: No target has automation: no registry is asked',
  'Warning: helmRepositories: No chart is fetched yet',
  'Warning: targets[0].source.auth.token: Read only by the functions in AWS: whatever needs it fails here',
];

describe('settings that do nothing yet are taken, and each is said with its path', () => {
  it('by sluice validate', async () => {
    const { code, out, err } = await sluice(idle, 'validate');
    expect([code, out]).toEqual([0, 'sluice.yaml is fine: 1 target, 0 webhooks, 0 tokens\n']);
    expect(err.split('\n')).toEqual([...warnings, '']);
    const json = await sluice(idle, 'validate', '-o', 'json');
    expect(JSON.parse(json.out).warnings).toHaveLength(3);
  });

  it('by sluice serve', async () => {
    await using serve = await startServe({ settings: idle });
    await expect.poll(() => serve.output).toContain(warnings.map((line) => `  ${line}\n`).join(''));
  });
});

it.each([
  [
    'is not YAML',
    'version: 1\n targets: [\n',
    /^sluice: Cannot use "sluice\.yaml": \d problems?\n( {2}line \d, column \d+: .*\n)+ {2}Correct the file/,
  ],
  ['is empty', '', /^sluice: Cannot use "sluice\.yaml": 1 problem\n {2}Expected a mapping, found nothing\n/],
  [
    'is an alias bomb',
    `version: 1\na: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [${Array(200).fill('*a')}]\nc: [${Array(200).fill('*b')}]\n`,
    /\n {2}Aliases stand for too much\n/,
  ],
])('a sluice.yaml that %s is refused in a line each', async (_, settings, said) => {
  const { code, err } = await sluice(settings, 'validate');
  expect(err).toMatch(said);
  expect(code).toBe(1);
});

describe('serve does not start, and says why in one line,', () => {
  it('without the secret of an API token', async () => {
    const { code, err } = await sluice(good, 'serve', '--port', '0');
    expect([code, err]).toEqual([
      1,
      'sluice: Cannot read the secret "{ env: SLUICE_API_TOKEN }": no such variable\n  Set it where sluice runs, or correct its reference in sluice.yaml\n',
    ]);
  });

  it('where another process listens', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as AddressInfo;
    const { code, err } = await sluice('version: 1\n', 'serve', '--port', String(port));
    expect([code, err]).toEqual([
      1,
      `sluice: Cannot listen on "127.0.0.1:${port}": another process listens there\n  End that process, or choose another port with --port\n`,
    ]);
    other.close();
  });

  it('where another serve has the data', async () => {
    await using first = await startServe({ settings: {} });
    const { code, err } = await sluice('version: 1\n', 'serve', '--port', '0', '--data', first.data);
    expect([code, err]).toEqual([
      1,
      `sluice: Cannot open "${join(first.data, 'sluice.db')}": another process has it\n  One serve owns a data directory: stop the other one, or give this one its own --data\n`,
    ]);
  });

  it('where the data cannot be kept', async () => {
    const { code, err } = await sluice('version: 1\n', 'serve', '--port', '0', '--data', 'sluice.yaml');
    expect(err).toMatch(
      /^sluice: Cannot open "sluice\.yaml\/sluice\.db": E[A-Z]+: .*\n {2}Give --data a directory that this account can write\n$/,
    );
    expect(code).toBe(1);
  });
});
