import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../lib/cli/run-cli.ts';
import { createTerminal } from '../../lib/cli/terminal.ts';
import { readEnvironment } from '../../lib/config.ts';
import { type Serve, startServe } from './serve.ts';

/** `sluice webhooks` and `sluice webhooks test`, against a running server that has the same settings. */

const unguessable = 'q7ZkP2mXw94LtBvR81sNcYhd';
const canary = 'canary-of-a-secret';
const url = 'https://git.invalid/acme/shop.git';
let serve: Serve;

const secret = { file: 'secret' };
const webhooks = [
  { id: 'hub', sender: 'github', secret: [secret, { env: 'OLDER' }] },
  { id: 'lab', sender: 'gitlab', secret: { file: 'signing-token' } },
  { id: 'ci', sender: 'generic', secret },
  { id: 'bucket', sender: 'bitbucket', secret },
  { id: unguessable, sender: 'bitbucket' },
  { id: 'server', sender: 'bitbucket-server', secret },
  { id: 'tea', sender: 'gitea', secret },
  { id: 'gogs', sender: 'gogs', secret },
  { id: 'azure', sender: 'azure-devops', secret },
  { id: `${unguessable}-hub`, sender: 'dockerhub' },
  { id: `${unguessable}-quay`, sender: 'quay' },
  { id: 'harbor', sender: 'harbor', secret },
  { id: 'registry', sender: 'distribution', secret },
  { id: 'google', sender: 'gcr', audience: 'https://sluice.acme.io', email: 'push@acme.example' },
  { id: `${unguessable}-acr`, sender: 'acr' },
  { id: 'frog', sender: 'jfrog', secret },
  { id: 'nexus', sender: 'nexus', secret, registry: 'nexus.acme.io' },
  { id: `${unguessable}-aliyun`, sender: 'aliyun' },
  { id: 'events', sender: 'cdevents', secret },
];

beforeAll(async () => {
  serve = await startServe({
    settings: {
      webhooks,
      targets: [
        {
          name: 'shop',
          source: { url, branch: 'main' },
          cluster: { kubeconfig: { env: 'KUBECONFIG' } },
          suspend: true,
        },
      ],
    },
    secrets: { secret: canary, 'signing-token': 'whsec_Y2FuYXJ5' },
    environment: { OLDER: 'older' },
  });
});
afterAll(() => serve[Symbol.asyncDispose]());

async function sluice(...args: readonly string[]) {
  const out: string[] = [];
  const err: string[] = [];
  const environment = readEnvironment({ SLUICE_URL: serve.url, OLDER: 'older' });
  const terminal = createTerminal(
    { write: (text) => out.push(text) },
    { write: (text) => err.push(text) },
    environment,
  );
  const config = join(serve.directory, 'sluice.yaml');
  const code = await runCli(['webhooks', ...args, '--config', config], terminal, environment);
  return { code, out: out.join(''), err: err.join('') };
}

describe('the list', () => {
  it('has the full address of each webhook, where to click and what to tick, and no secret', async () => {
    const { code, out, err } = await sluice('--url', 'https://sluice.acme.io/');
    expect([code, err]).toEqual([0, '']);
    for (const { id } of webhooks) expect(out).toContain(`https://sluice.acme.io/webhooks/${id}\n`);
    expect(out).not.toContain(canary);
    expect(out).toContain('Settings → Webhooks → Add webhook');
    expect(out).toMatch(/^ {2}Secret: +the value of \{ file: secret \}$/m);
    expect(out).toMatch(/^ {2}Events: +Push events; Tag push events; /m);
    expect(out.match(/Nothing is signed: the address is the secret/g)).toHaveLength(5);
    expect(out).not.toContain('$');
  });

  it('is JSON for programs', async () => {
    const { out } = await sluice('-o', 'json');
    const list = JSON.parse(out);
    expect(list.webhooks).toHaveLength(webhooks.length);
    expect(list.webhooks[0]).toMatchObject({
      id: 'hub',
      sender: 'github',
      url: `${serve.url}/webhooks/hub`,
      isPathSecret: false,
    });
    expect(list.webhooks[9]).toMatchObject({ sender: 'dockerhub', isPathSecret: true });
  });
});

describe('a test', () => {
  it.each(webhooks.filter(({ sender }) => sender !== 'gcr'))(
    'of $sender ($id) is accepted, and concerns nobody',
    async ({ id, sender }) => {
      const { code, out, err } = await sluice('test', id);
      expect([code, err]).toEqual([0, '']);
      expect(out).toBe(`${serve.url} accepts what ${sender} sends (204): it concerns no target\n`);
      expect(out).not.toContain(unguessable);
    },
  );

  it('may name the sender, where no other webhook has it', async () => {
    expect((await sluice('test', 'quay')).code).toBe(0);
    const { code, err } = await sluice('test', 'bitbucket');
    expect(code).toBe(1);
    expect(err).toContain('2 have the sender "bitbucket"');
  });

  it('with a target queues a sync of it', async () => {
    const { code, out } = await sluice('test', 'hub', '--target', 'shop');
    expect(code).toBe(0);
    const [, run = ''] = /\(202\): Queued 1 sync, (\S+)\n$/.exec(out) ?? [];
    expect(await serve.run(run)).toMatchObject({ target: 'shop', cause: { kind: 'push', by: 'hub' } });
  });

  it.each([
    [['test', 'google'], 'only its makers can sign one', 'gcloud'],
    [['test', `${unguessable}-other`], 'none has this id or sender', 'sluice webhooks'],
    [['test', 'quay', '--target', 'shop'], 'quay brings images', ''],
    [['test', 'hub', '--target', 'shp'], 'there is no such target', '"shop"'],
    [['test'], 'ID is missing', ''],
    [['tset', 'hub'], '"tset" is neither left out nor test', ''],
  ])('%j is refused with what to do', async (args, message, help) => {
    const { code, out, err } = await sluice(...args);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(message);
    expect(err).toContain(help);
    expect(err).not.toContain(unguessable);
  });
});

it('the secret of the settings is not that of the server: the command says so', async () => {
  const other = await startServe({
    settings: { webhooks: [{ id: 'hub', sender: 'github', secret: { file: 'secret' } }] },
    secrets: { secret: 'another' },
  });
  try {
    const { code, err } = await sluice('test', 'hub', '--url', other.url);
    expect(code).toBe(1);
    expect(err).toContain('Cannot verify the delivery: no configured secret made its X-Hub-Signature-256');
    const missing = await sluice('test', 'ci', '--url', other.url);
    expect(missing.err).toContain('there is nothing at this path');
  } finally {
    await other[Symbol.asyncDispose]();
  }
});
