import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createConnect } from '../../../lib/adapters/cluster/connect.ts';
import { createLocalLogin } from '../../../lib/adapters/cluster/local-login.ts';
import { createCertificate } from '../../fakes/certificate.ts';
import { connectTo, refusal } from '../../parts/connect.ts';

const secret = 'hunter2-hunter2';
const own = createCertificate({ name: 'anna' });
const other = createCertificate({ name: 'bert' });
const expired = createCertificate({ name: 'carl', notAfter: new Date('2024-05-06T07:08:09Z') });

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

interface Parts {
  readonly cluster?: object;
  readonly user?: object;
  readonly context?: object;
  readonly current?: string;
}

function kubeconfig({ cluster, user, context, current = 'prod' }: Parts): string {
  return JSON.stringify({
    'current-context': current,
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:6443', ...cluster } }],
    users: [{ name: 'u', user: { token: secret, ...user } }],
    contexts: [
      { name: 'prod', context: { cluster: 'c', user: 'u', ...context } },
      { name: 'test', context: { cluster: 'c', user: 'u', namespace: 'team' } },
    ],
  });
}

const portable = 'Use a kubeconfig with certificate-authority-data and the token of a ServiceAccount';

const bad: readonly [title: string, text: string, found: string, help?: string][] = [
  [
    'an exec plugin',
    kubeconfig({ user: { exec: { command: 'aws', env: [{ name: 'X', value: secret }] } } }),
    'user "u" logs in by an exec plugin, which is not run',
    portable,
  ],
  [
    'an auth-provider',
    kubeconfig({ user: { 'auth-provider': { name: 'gcp' } } }),
    'user "u" logs in by an auth-provider, which is not run',
    portable,
  ],
  [
    'a token in a file',
    kubeconfig({ user: { tokenFile: '/etc/passwd' } }),
    'user "u" has a tokenFile, the path of a file that is not read',
    portable,
  ],
  [
    'an authority in a file',
    kubeconfig({ cluster: { 'certificate-authority': 'ca.crt' } }),
    'the cluster of context "prod" has a certificate-authority, the path of a file that is not read',
    portable,
  ],
  [
    'a current-context that it does not hold',
    kubeconfig({ current: 'staging' }),
    'it has no context "staging"',
    'Its contexts are: prod, test',
  ],
  [
    'no current-context',
    kubeconfig({ current: '' }),
    'it has no current-context',
    'Set cluster.context to one of: prod, test',
  ],
  [
    'a cluster that it does not hold',
    kubeconfig({ context: { cluster: 'x' } }),
    'context "prod" names the cluster "x", which it does not hold',
  ],
  [
    'a user that it does not hold',
    kubeconfig({ context: { user: 'x' } }),
    'context "prod" names the user "x", which it does not hold',
  ],
  [
    'a context without a cluster',
    'contexts: [{name: a, context: {user: u}}]',
    'it is no kubeconfig: contexts.0.context.cluster is missing or of another type',
  ],
  [
    'text that is not YAML',
    `users:\n- name: u\n  user: {token: ${secret}`,
    'it is not YAML at line 3, column 32 (BAD_INDENT)',
  ],
  ['a list', `- ${secret}`, 'it is no kubeconfig: the document is missing or of another type'],
  [
    'an alias bomb',
    `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c]`,
    'its YAML aliases cannot be resolved',
  ],
  ['more than 1 MiB', ' '.repeat(1024 * 1024 + 1), 'it is larger than 1048576 bytes'],
  ['a server that is no URL', kubeconfig({ cluster: { server: secret } }), 'the server of context "prod" is not a URL'],
  [
    'plain http away from loopback',
    kubeconfig({ cluster: { server: 'http://10.0.0.1:8080' } }),
    'the server "http://10.0.0.1:8080" is not https',
    'Plain http is for a server on loopback',
  ],
  [
    'credentials in the URL',
    kubeconfig({ cluster: { server: `https://u:${secret}@127.0.0.1` } }),
    'the server of context "prod" is a URL with credentials',
    'Put them into the user entry',
  ],
  [
    'a SOCKS proxy',
    kubeconfig({ cluster: { 'proxy-url': 'socks5://127.0.0.1:1080' } }),
    'the proxy-url of context "prod" is not http or https',
    'A SOCKS proxy is not supported',
  ],
  [
    'an authority that is not checked',
    kubeconfig({
      cluster: { 'insecure-skip-tls-verify': true, 'certificate-authority-data': base64(own.certificate) },
    }),
    'the cluster of context "prod" has both insecure-skip-tls-verify and certificate-authority-data',
    'Remove one of them',
  ],
  [
    'an authority that is no certificate',
    kubeconfig({ cluster: { 'certificate-authority-data': base64(secret) } }),
    'certificate-authority-data is not base64 of PEM certificates',
  ],
  [
    'an expired client certificate',
    kubeconfig({
      user: { 'client-certificate-data': base64(expired.certificate), 'client-key-data': base64(expired.key) },
    }),
    'the client certificate of user "u" expired at 2024-05-06T07:08:09.000Z',
    'Issue a new one, or use the token of a ServiceAccount',
  ],
  [
    'a client certificate that is none',
    kubeconfig({ user: { 'client-certificate-data': secret, 'client-key-data': secret } }),
    'the client certificate of user "u" is not base64 of a PEM certificate',
  ],
  [
    'a client certificate without a key',
    kubeconfig({ user: { 'client-certificate-data': base64(own.certificate) } }),
    'user "u" has a client certificate and no client-key-data',
  ],
  [
    'the key of another certificate',
    kubeconfig({ user: { 'client-certificate-data': base64(own.certificate), 'client-key-data': base64(other.key) } }),
    'the client certificate and the key of user "u" do not belong together, or the key cannot be read',
  ],
];

describe('a kubeconfig is refused by one line that names it, and no value of it', () => {
  it.each(bad)('%s', async (_, text, found, help) => {
    const refused = await refusal(connectTo(text));
    expect(refused).toEqual({
      fault: 'user',
      code: 'Kubeconfig',
      message: `Cannot use the kubeconfig "{ env: TEST_KUBECONFIG }": ${found}`,
      help,
    });
    expect(JSON.stringify(refused)).not.toContain(secret);
  });

  it('a context that the target asks for', async () => {
    const { message, help } = await refusal(connectTo(kubeconfig({}), { context: 'live' }));
    expect(message).toBe('Cannot use the kubeconfig "{ env: TEST_KUBECONFIG }": it has no context "live"');
    expect(help).toBe('Its contexts are: prod, test');
  });

  it('EKS, with what to do meanwhile', async () => {
    const connect = createConnect({ readSecret: async () => '' });
    const refused = await refusal(connect({ eks: { name: 'shop', region: 'eu-west-1' } }));
    expect(refused.message).toBe('Cannot connect to the EKS cluster "shop": cluster.eks is not supported yet');
    expect(refused.fault).toBe('user');
  });
});

describe('a connection', () => {
  it("has its context's namespace, or default", async () => {
    await using prod = await connectTo(kubeconfig({}));
    await using test = await connectTo(kubeconfig({}), { context: 'test' });
    expect([prod.namespace, test.namespace]).toEqual(['default', 'team']);
  });

  it('has one id for a server and account, however the account is proved', async () => {
    const tokens = ['a', 'b'].map((signature) => {
      const claims = Buffer.from(
        JSON.stringify({ iss: 'k', sub: 'system:serviceaccount:team:deployer', jti: signature }),
      );
      return `e30.${claims.toString('base64url')}.${signature}`;
    });
    const renewed = createCertificate({ name: 'anna' });
    const certificates = [own, renewed, other].map(({ certificate, key }) => ({
      token: '',
      'client-certificate-data': base64(certificate),
      'client-key-data': base64(key),
    }));
    const ids: string[] = [];
    for (const user of [...tokens.map((token) => ({ token })), ...certificates, { token: 'x' }, { token: 'y' }]) {
      await using cluster = await connectTo(kubeconfig({ user }));
      ids.push(cluster.id);
    }
    const [first, second, anna, annaRenewed, bert, x, y] = ids;
    expect(first).toBe(second);
    expect(anna).toBe(annaRenewed);
    expect(new Set([first, anna, bert, x, y]).size).toBe(5);
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    await using impersonating = await connectTo(kubeconfig({ user: { token: 'x' } }), { impersonate: 'bert' });
    expect(impersonating.id).not.toBe(x);
  });

  it('tells the log of a server whose certificate is not checked', async () => {
    const lines: unknown[] = [];
    const log = { warn: (...line: unknown[]) => void lines.push(line) };
    await using _ = await connectTo(kubeconfig({ cluster: { 'insecure-skip-tls-verify': true } }), { log });
    expect(lines).toEqual([
      [
        'The certificate of an API server is not checked: insecure-skip-tls-verify',
        { server: 'https://127.0.0.1:6443' },
      ],
    ]);
  });
});

describe('the local login', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-login-'));
    await writeFile(join(directory, 'client.crt'), own.certificate);
    await writeFile(join(directory, 'client.key'), own.key);
    await writeFile(
      join(directory, 'plugin'),
      `#!/bin/sh\n[ -n "$KUBERNETES_EXEC_INFO" ] || exit 1\necho '{"status":{"token":"from-plugin"}}'\n`,
      { mode: 0o755 },
    );
    await writeFile(join(directory, 'broken'), '#!/bin/sh\necho "log in first" >&2; exit 1\n', { mode: 0o755 });
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('reads the files that the kubeconfig names, beside it', async () => {
    const files = kubeconfig({ user: { token: '', 'client-certificate': 'client.crt', 'client-key': 'client.key' } });
    const inline = kubeconfig({
      user: { token: '', 'client-certificate-data': base64(own.certificate), 'client-key-data': base64(own.key) },
    });
    await using fromFiles = await connectTo(files, { login: createLocalLogin(directory) });
    await using same = await connectTo(inline);
    expect(fromFiles.id).toBe(same.id);
  });

  it('names a file that is not there', async () => {
    const text = kubeconfig({ user: { tokenFile: 'none' } });
    const { message } = await refusal(connectTo(text, { login: createLocalLogin(directory) }));
    expect(message).toContain('its tokenFile "none" cannot be read (ENOENT)');
  });

  it('runs an exec plugin, and says what it says when it fails', async () => {
    function withPlugin(command: string): string {
      const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: join(directory, command) };
      return kubeconfig({ user: { token: '', exec } });
    }
    await using cluster = await connectTo(withPlugin('plugin'), { login: createLocalLogin(directory) });
    await using same = await connectTo(kubeconfig({ user: { token: 'from-plugin' } }));
    expect(cluster.id).toBe(same.id);
    const { message } = await refusal(connectTo(withPlugin('broken'), { login: createLocalLogin(directory) }));
    expect(message).toContain('the plugin of user "u" failed: log in first');
  });
});
