import fc from 'fast-check';
import { stringify } from 'yaml';
import { Failure } from '../../lib/domain/failure.ts';
import { settingsOf } from '../../lib/settings-document.ts';
import { parseSettings } from '../../lib/settings-text.ts';
import { mutated } from './mutate.ts';
import type { Subject } from './subject.ts';

const target = `  - name: shop
    source: &s { url: https://github.com/acme/shop.git, branch: main, paths: [deploy], auth: { token: { file: t } }, verify: { mode: head, keys: [{ env: K }] } }
    cluster: { kubeconfig: { file: kubeconfig }, context: prod, impersonate: system:serviceaccount:a:b }
    renderer: helm
    values: { a: [1, { b: null }] }
    namespace: shop
    allowNamespaces: [shop, other]
    interval: 1h
    ignore: [{ kind: Deployment, name: shop, paths: ["/spec/replicas"] }]
    adopts: [old-shop]
    automation: { enabled: true, interval: 5m, push: branch, author: { name: a, email: a@example.com } }
`;
const example = `version: 1
webhooks:
  - { id: acme-github, sender: github, secret: { env: SECRET } }
  - { id: acme-quay-0123456789abcdef0123456789, sender: quay }
api: { tokens: [{ name: ci, role: deployer, secret: { file: token } }] }
targets:
${target}  - name: other
    source: { <<: *s, branch: release }
    cluster: { eks: { name: a, region: eu-west-1, roleArn: "arn:aws:iam::1:role/a" } }
registries: [{ host: "registry.acme.io:5000", auth: { aws: sluice/prod/registry/a, key: b } }]
helmRepositories: { "https://charts.old.example": "https://mirror.acme.io/charts" }
`;
const tokens = [
  'version: 1\n',
  'targets:\n',
  'webhooks:\n',
  '- name: shop\n',
  'secret: { env: A }',
  'sender: github',
  '&s ',
  '*s',
  '<<: *s',
  '---\n',
  '1h',
  '-1s',
  '1e9h',
  '{}',
  '[]',
  'null',
  '../',
  'file:///x',
  'ssh://',
  'http://[::1',
  'toString',
  'constructor: 1\n',
  '\n  ',
  '{ ssm: /a }',
];

/** `sluice.yaml`, parsed and checked. Whatever it says, it is used or refused: a `user` Failure of a few lines. */
export async function openSettings(): Promise<Subject<string>> {
  return {
    inputs: fc.oneof(
      { weight: 6, arbitrary: mutated([example], tokens) },
      { weight: 3, arbitrary: withField(fields, (field) => ({ version: 1, ...field })) },
      { weight: 3, arbitrary: withField(targetFields, (field) => ({ version: 1, targets: [{ ...least, ...field }] })) },
      fc.string({ unit: 'binary' }),
    ),
    async take(text) {
      try {
        const document = parseSettings(text, 'sluice.yaml');
        settingsOf(document, 'sluice.yaml', {
          local: text.length % 2 === 0,
          ...(text.length % 3 === 0 && { aws: { stage: 'prod' } }),
        });
        return 'used';
      } catch (error) {
        if (error instanceof Failure && error.fault === 'user' && error.message.split('\n').length < 60)
          return 'refused';
        throw error;
      }
    },
    shapes: {
      targets: (size) =>
        `version: 1\ntargets:\n${Array.from({ length: size / target.length }, (_, at) => target.replace('name: shop', `name: shop-${at}`).replace('&s ', '')).join('')}`,
      'targets of one name': (size) =>
        `version: 1\ntargets:\n${target.replace('&s ', '').repeat(size / target.length)}`,
      'webhooks that lack everything': (size) => `version: 1\nwebhooks:\n${'  - {}\n'.repeat(size / 7)}`,
      'keys that nobody knows': (size) =>
        `version: 1\n${Array.from({ length: size / 12 }, (_, at) => `k${at}: v\n`).join('')}`,
      'unknown keys of one target': (size) =>
        `version: 1\ntargets:\n  - name: a\n${Array.from({ length: size / 14 }, (_, at) => `    k${at}: v\n`).join('')}`,
      aliases: (size) => `version: 1\nx: &x {a: b}\ntargets:\n${'  - *x\n'.repeat(size / 7)}`,
      'aliases of nothing': (size) => `version: 1\ntargets:\n${'  - *x\n'.repeat(size / 7)}`,
      adopts: (size) => `version: 1\ntargets:\n  - {name: a, adopts: [${'b, '.repeat(size / 3)}]}\n`,
      'one long text': (size) => `version: 1\ntargets: [{name: ${'a'.repeat(size)}}]\n`,
      'a long address': (size) =>
        `version: 1\ntargets: [{name: a, source: {url: "https://a/${'b'.repeat(size)}", branch: "${'c/'.repeat(size / 2)}"}}]\n`,
      'brackets that are not closed': (size) => `targets: ${'['.repeat(Math.min(size, 5000))}`,
      'broken lines': (size) => 'a: b: c\n'.repeat(size / 8),
    },
    largest: 1024 * 1024,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

const fields = ['version', 'webhooks', 'api', 'targets', 'registries', 'helmRepositories'];
const least = {
  name: 'a',
  source: { url: 'https://a/b', branch: 'c' },
  cluster: { kubeconfig: { env: 'K' } },
  renderer: 'helm',
};
// biome-ignore format: a table
const targetFields = ['name', 'source', 'cluster', 'renderer', 'values', 'valuesFiles', 'namespace', 'adopts', 'ignore', 'interval', 'timeout', 'suspend', 'automation', 'inventory'];

/** Settings as they should be, but for what one field says. */
function withField(names: readonly string[], place: (field: object) => object): fc.Arbitrary<string> {
  const value = fc.oneof(
    fc.jsonValue(),
    fc.constantFrom(true, 'a', 'a-b', '1h', [], {}, ['a/b'], { a: 1 }, { namespace: 'x' }, { enabled: false }),
  );
  return fc.tuple(fc.constantFrom(...names), value).map(([name, said]) => stringify(place({ [name]: said })));
}
