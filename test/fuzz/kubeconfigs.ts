import fc from 'fast-check';
import { createConnect } from '../../lib/adapters/cluster/connect.ts';
import { Failure } from '../../lib/domain/failure.ts';
import { kubeconfigText, secret } from '../adapters/cluster/kubeconfig-text.ts';
import { mutated } from './mutate.ts';
import type { Subject } from './subject.ts';

const example = `apiVersion: v1
kind: Config
current-context: &c prod
clusters:
- name: c
  cluster: {server: "https://10.0.0.1:6443/prefix", certificate-authority-data: "LS0tLS0=", tls-server-name: a, proxy-url: "http://p:3128"}
users:
- name: u
  user: {token: ${secret}, as: ops, as-groups: [a], as-user-extra: {b: [c]}}
contexts:
- name: *c
  context: {cluster: c, user: u, namespace: team}
`;
const tokens = [
  'server: "https://[::1]:6443"',
  'server: ftp://x',
  'exec: {command: a}',
  'auth-provider: {}',
  'client-certificate-data: aGk=',
  'client-key-data: "%"',
  'username: a',
  'password: 1',
  'insecure-skip-tls-verify: true',
  'current-context: ""\n',
  'null',
  '*c',
  '&c ',
  '- name: c\n',
  '\n  ',
  '{}',
  '[]',
  'https://a b',
  'https://u:p@h',
  '---\n',
];

/** A kubeconfig as a secret holds it, up to a connection on which nothing is asked yet. No refusal may quote its token. */
export async function openKubeconfigs(): Promise<Subject<string>> {
  return {
    inputs: fc.oneof(
      { weight: 6, arbitrary: mutated([example, kubeconfigText()], tokens) },
      {
        weight: 3,
        arbitrary: fc
          .record({
            part: fc.constantFrom('cluster', 'user', 'context', 'current'),
            fields: fc.dictionary(
              fc.constantFrom(
                'server',
                'token',
                'tokenFile',
                'client-certificate-data',
                'client-key-data',
                'certificate-authority-data',
                'proxy-url',
                'as-groups',
                'as-user-extra',
                'cluster',
                'user',
                'namespace',
                'tls-server-name',
              ),
              fc.oneof(fc.jsonValue(), fc.webUrl(), fc.string({ unit: 'binary' })),
            ),
          })
          .map(({ part, fields }) => kubeconfigText({ [part]: fields })),
      },
      fc.string({ unit: 'binary' }),
    ),
    async take(text) {
      const connect = createConnect({ readSecret: async () => text });
      try {
        await using _ = await connect({ kubeconfig: { env: 'KUBECONFIG' } });
        return 'connected';
      } catch (error) {
        if (!(error instanceof Failure) || error.fault === 'server') throw error;
        if (`${error.message} ${error.help}`.includes(secret)) throw new Error('a refusal quotes the token');
        return 'refused';
      }
    },
    shapes: {
      contexts: (size) =>
        example + Array.from({ length: size / 40 }, (_, at) => `- {name: n${at}, context: {cluster: c}}\n`).join(''),
      'a context that is not there, among many': (size) =>
        `current-context: x\ncontexts:\n${'- {name: n, context: {cluster: c}}\n'.repeat(size / 36)}`,
      'one long token': (size) => example.replace(secret, 'x'.repeat(size)),
      'one long certificate': (size) => example.replace('LS0tLS0=', 'LS0t'.repeat(size / 4)),
      'a long server': (size) => example.replace('10.0.0.1', `${'a.'.repeat(size / 2)}b`),
      'keys that nobody knows': (size) =>
        example + Array.from({ length: size / 12 }, (_, at) => `k${at}: v\n`).join(''),
      'brackets that are not closed': (size) => `clusters: ${'['.repeat(Math.min(size, 5000))}`,
      'broken lines': (size) => 'a: b: c\n'.repeat(size / 8),
    },
    largest: 1024 * 1024,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
