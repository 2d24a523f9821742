import { describe, expect, it } from 'vitest';
import { createConnect } from '../../../lib/adapters/cluster/connect.ts';
import { createCertificate } from '../../fakes/certificate.ts';
import { connectTo, refusal } from '../../parts/connect.ts';
import { base64, certificateUser, kubeconfigText, secret } from './kubeconfig-text.ts';

const own = createCertificate({ name: 'anna' });
const other = createCertificate({ name: 'bert' });
const expired = createCertificate({ name: 'carl', notAfter: new Date('2024-05-06T07:08:09Z') });
const portable = 'Use a kubeconfig with certificate-authority-data and the token of a ServiceAccount';

const bad: readonly [title: string, text: string, found: string, help?: string][] = [
  [
    'an exec plugin',
    kubeconfigText({ user: { exec: { command: 'aws', env: [{ name: 'X', value: secret }] } } }),
    'user "u" logs in by an exec plugin, which is not run',
    portable,
  ],
  [
    'an auth-provider',
    kubeconfigText({ user: { 'auth-provider': { name: 'gcp' } } }),
    'user "u" logs in by an auth-provider, which is not run',
    portable,
  ],
  [
    'a token in a file',
    kubeconfigText({ user: { tokenFile: '/etc/passwd' } }),
    'user "u" has a tokenFile, the path of a file that is not read',
    portable,
  ],
  [
    'an authority in a file',
    kubeconfigText({ cluster: { 'certificate-authority': 'ca.crt' } }),
    'the cluster of context "prod" has a certificate-authority, the path of a file that is not read',
    portable,
  ],
  [
    'a current-context that it does not hold',
    kubeconfigText({ current: 'staging' }),
    'it has no context "staging"',
    'Its contexts are: prod, test',
  ],
  [
    'no current-context',
    kubeconfigText({ current: '' }),
    'it has no current-context',
    'Set cluster.context to one of: prod, test',
  ],
  [
    'a cluster that it does not hold',
    kubeconfigText({ context: { cluster: 'x' } }),
    'context "prod" names the cluster "x", which it does not hold',
  ],
  [
    'a user that it does not hold',
    kubeconfigText({ context: { user: 'x' } }),
    'context "prod" names the user "x", which it does not hold',
  ],
  [
    'a context without a cluster',
    'contexts: [{name: a, context: {user: u}}]',
    'it is no kubeconfig: contexts.0.context.cluster is missing or of another type',
  ],
  ['a key twice', 'users: []\nusers: []', 'line 2, column 1 has a key for the second time'],
  ['text that is not YAML', `users:\n- name: u\n  user: {token: ${secret}`, 'line 3, column 32 is not YAML'],
  ['a list', `- ${secret}`, 'it is no kubeconfig: the document is missing or of another type'],
  [
    'an alias bomb',
    `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c]`,
    'its YAML aliases cannot be resolved',
  ],
  ['more than 1 MiB', ' '.repeat(1024 * 1024 + 1), 'it is larger than 1048576 bytes'],
  [
    'a server that is no URL',
    kubeconfigText({ cluster: { server: secret } }),
    'the server of context "prod" is not a URL',
  ],
  [
    'plain http away from loopback',
    kubeconfigText({ cluster: { server: 'http://10.0.0.1:8080' } }),
    'the server "http://10.0.0.1:8080" is not https',
    'Plain http is for a server on loopback',
  ],
  [
    'credentials in the URL',
    kubeconfigText({ cluster: { server: `https://u:${secret}@127.0.0.1` } }),
    'the server of context "prod" is a URL with credentials',
    'Put them into the user entry',
  ],
  [
    'a token of two lines',
    kubeconfigText({ user: { token: `${secret}\n${secret}` } }),
    'user "u" has a line break or another character that the header authorization cannot hold',
  ],
  [
    'a SOCKS proxy',
    kubeconfigText({ cluster: { 'proxy-url': 'socks5://127.0.0.1:1080' } }),
    'the proxy-url of context "prod" is not http or https',
    'A SOCKS proxy is not supported',
  ],
  [
    'an authority that is not checked',
    kubeconfigText({
      cluster: { 'insecure-skip-tls-verify': true, 'certificate-authority-data': base64(own.certificate) },
    }),
    'the cluster of context "prod" has both insecure-skip-tls-verify and certificate-authority-data',
    'Remove one of them',
  ],
  [
    'an authority that is no certificate',
    kubeconfigText({ cluster: { 'certificate-authority-data': base64(secret) } }),
    'certificate-authority-data is not base64 of PEM certificates',
  ],
  [
    'an expired client certificate',
    kubeconfigText({ user: certificateUser(expired) }),
    'the client certificate of user "u" expired at 2024-05-06T07:08:09.000Z',
    'Issue a new one, or use the token of a ServiceAccount',
  ],
  [
    // It named the account, and ended as an error of OpenSSL, before it was checked.
    'a client certificate that is none, and no token',
    kubeconfigText({ user: { token: '', 'client-certificate-data': 'AA==' } }),
    'the client certificate of user "u" is not base64 of a PEM certificate',
  ],
  [
    'a client certificate that is none',
    kubeconfigText({ user: { 'client-certificate-data': secret, 'client-key-data': secret } }),
    'the client certificate of user "u" is not base64 of a PEM certificate',
  ],
  [
    'a client certificate without a key',
    kubeconfigText({ user: { 'client-certificate-data': base64(own.certificate) } }),
    'user "u" has a client certificate and no client-key-data',
  ],
  [
    'the key of another certificate',
    kubeconfigText({
      user: { 'client-certificate-data': base64(own.certificate), 'client-key-data': base64(other.key) },
    }),
    'the client certificate and the key of user "u" do not belong together, or the key cannot be read',
  ],
];

describe('a kubeconfig is refused by one line that names it, and no value of it', () => {
  it.each(bad)('%s', async (_, text, found, help = 'Correct it in its secret: each sync reads it anew') => {
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
    const { message, help } = await refusal(connectTo(kubeconfigText(), { context: 'live' }));
    expect(message).toBe('Cannot use the kubeconfig "{ env: TEST_KUBECONFIG }": it has no context "live"');
    expect(help).toBe('Its contexts are: prod, test');
  });

  it('EKS, with what to do meanwhile', async () => {
    const connect = createConnect({ readSecret: async () => '' });
    const refused = await refusal(connect({ eks: { name: 'shop', region: 'eu-west-1' } }));
    expect(refused.message).toBe('Cannot connect to the EKS cluster "shop": only the functions in AWS log in to EKS');
    expect(refused.fault).toBe('user');
  });
});
