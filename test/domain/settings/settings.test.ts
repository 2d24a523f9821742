import { expect, it } from 'vitest';
import { checkSettings } from '../../../lib/domain/settings/check-settings.ts';
import { formatProblem } from '../../../lib/domain/settings/settings-problem.ts';
import { webhookRules } from '../../../lib/domain/settings/webhook-rules.ts';

const target = {
  name: 'shop',
  source: { url: 'https://github.com/acme/shop.git', branch: 'main' },
  cluster: { kubeconfig: { env: 'KUBE' } },
};
const names = Object.keys(webhookRules);
const senderNames = `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`;
const webhook = { id: 'acme', sender: 'github', secret: { env: 'HOOK' } };

function problems(document: unknown, local = true): string[] {
  return (checkSettings(document, { local }).problems ?? []).map(formatProblem);
}

function inTarget(change: object): string[] {
  return problems({ version: 1, targets: [{ ...target, ...change }] });
}

function atUrl(url: string, local = true): string[] {
  return problems({ version: 1, targets: [{ ...target, source: { ...target.source, url } }] }, local);
}

// 150,000 problems ended the process with a stack that was too small.
it('more problems than can be listed are one', () => {
  expect(problems({ version: 1, webhooks: Array(150_000).fill({}) })).toEqual(['Too many problems to list']);
});

it('what is no problem of the settings is not taken for one', () => {
  const broken = {
    get version() {
      throw new TypeError('a mistake of ours');
    },
  };
  expect(() => problems(broken)).toThrow('a mistake of ours');
});

it('settings fill in every default of a target', () => {
  const { settings } = checkSettings({ version: 1, targets: [target] }, { local: false });
  expect(settings?.targets[0]).toEqual({
    ...target,
    source: { ...target.source, paths: ['.'], verify: { mode: 'none', keys: [] } },
    renderer: 'auto',
    values: {},
    valuesFiles: [],
    allowCommands: false,
    allowRemoteBases: false,
    submodules: false,
    allowNamespaces: [],
    prune: true,
    suspend: false,
    interval: 3600,
    retryInterval: 300,
    timeout: 300,
    allowEmpty: false,
    inventory: { namespace: 'default' },
    adopts: [],
    ignore: [],
  });
});

it('settings take everything that the contract names', () => {
  const document = {
    version: 1,
    webhooks: [webhook, { ...webhook, id: 'other', secret: [{ file: 'a' }, { aws: 'id', key: 'k' }, { ssm: 'n' }] }],
    api: { tokens: [{ name: 'ci', role: 'deployer', secret: { env: 'T' } }] },
    targets: [
      {
        ...target,
        source: {
          url: 'git@github.com:acme/shop.git',
          branch: 'release/1.0',
          paths: ['clusters/staging'],
          auth: { sshKey: { file: 'key' }, knownHosts: 'github.com ssh-ed25519 AAAA' },
          verify: { mode: 'first-parent', keys: [{ file: 'a.asc' }] },
        },
        cluster: { eks: { name: 'a', region: 'eu-west-1', roleArn: 'arn:x' }, context: 'c', impersonate: 'u' },
        renderer: 'helm',
        values: { replicas: 2, nested: { a: [1] } },
        valuesFiles: ['values/prod.yaml'],
        allowCommands: true,
        allowRemoteBases: true,
        submodules: true,
        namespace: 'shop',
        allowNamespaces: ['shop'],
        prune: false,
        suspend: true,
        interval: 0,
        retryInterval: '1m30s',
        timeout: '90s',
        allowEmpty: true,
        inventory: { namespace: 'sluice' },
        adopts: ['old-shop'],
        ignore: [{ kind: 'Deployment', name: 'shop', paths: ['/spec/replicas'] }],
        automation: {
          enabled: true,
          interval: '5m',
          push: 'pullRequest',
          auth: { githubApp: { appId: 12, installationId: '34', privateKey: { file: 'k' } } },
          author: { name: 'a', email: 'a@b' },
          sign: { env: 'S' },
          message: 'x',
        },
      },
    ],
    registries: [{ host: 'registry.acme.io:5000', auth: { env: 'R' }, insecure: false }],
    helmRepositories: { 'https://charts.old.example': 'https://mirror.acme.io/charts' },
  };
  expect(problems(document, false)).toEqual([]);
  const { settings } = checkSettings(document, { local: false });
  expect(settings?.targets[0]).toMatchObject({ interval: 0, retryInterval: 90, timeout: 90 });
  expect(settings?.webhooks.map(({ secret }) => secret.length)).toEqual([1, 3]);
});

it('settings with five mistakes tell all five, each with its path', () => {
  const document = {
    version: 1,
    webhooks: [{ ...webhook, sender: 'githup' }],
    targets: [
      { ...target, intervall: '1h' },
      { ...target, timeout: 60 },
      { ...target, name: 'b', source: { url: 'ftp://x/y', branch: 'main' } },
    ],
  };
  expect(problems(document)).toEqual([
    'webhooks[0].sender: Expected one of 18 known words, found "githup"; did you mean github?',
    'targets[0].intervall: Unknown key; did you mean interval?',
    'targets[1].timeout: Expected a duration such as 90s, 5m or 1h',
    'targets[2].source.url: Expected an https://, ssh:// or user@host:path address, without credentials; they belong into auth',
    'targets[1].name: Expected a name of its own: targets[0] has the same',
  ]);
});

it.each([
  ['a missing version', {}, 'version: Expected 1, found nothing'],
  ['another version', { version: 2 }, 'version: Expected 1, found 2'],
  ['no document', null, 'Expected a mapping, found nothing'],
  ['a list', [], 'Expected a mapping, found a list'],
  ['an empty key', { version: 1, targets: null }, 'targets: Expected a list, found nothing'],
  [
    'an unknown key far from any',
    { version: 1, wombat: 1 },
    'wombat: Unknown key; known here are version, webhooks, api, targets, registries, helmRepositories',
  ],
  ['a null target', { version: 1, targets: [null] }, 'targets[0]: Expected a mapping, found nothing'],
  [
    'a repeated webhook id',
    { version: 1, webhooks: [webhook, webhook] },
    'webhooks[1].id: Expected an id of its own: webhooks[0] has the same',
  ],
  [
    'a sender of another release',
    { version: 1, webhooks: [{ ...webhook, sender: 'svn' }] },
    `webhooks[0].sender: Expected ${senderNames}, found "svn"`,
  ],
  ['an api without tokens', { version: 1, api: { tokens: [] } }, 'api.tokens: Expected at least one entry'],
  [
    'a mirror that is no address',
    { version: 1, helmRepositories: { 'https://a.example': 'b' } },
    'helmRepositories["https://a.example"]: Expected an https:// address',
  ],
  [
    'a mirror of no address',
    { version: 1, helmRepositories: { a: 'https://b.example' } },
    'helmRepositories.a: Expected another key: Expected an https:// address',
  ],
  [
    'a webhook id of 129 characters',
    { version: 1, webhooks: [{ ...webhook, id: 'a'.repeat(129) }] },
    'webhooks[0].id: Expected at most 128 characters',
  ],
  [
    'a registry host with a path',
    { version: 1, registries: [{ host: 'a.example/b' }] },
    'registries[0].host: Expected a host such as registry.acme.io:5000',
  ],
])('settings refuse %s', (_, document, message) => {
  expect(problems(document)).toEqual([message]);
});

it.each([
  [
    'a name with capitals',
    { name: 'Shop' },
    'targets[0].name: Expected lower-case letters, digits and dashes, beginning and ending with a letter or digit',
  ],
  [
    'a name of 57 characters',
    { name: 'a'.repeat(57) },
    'targets[0].name: Expected at most 56 characters: the inventory is a ConfigMap named sluice-<target>',
  ],
  ['adopting itself', { adopts: ['shop'] }, 'targets[0].adopts[0]: Expected the name of another target'],
  [
    'a path out of the repository',
    { source: { ...target.source, paths: ['../x'] } },
    'targets[0].source.paths[0]: Expected a path inside the repository, without a leading / and without ..',
  ],
  [
    'a path that no file can have',
    { source: { ...target.source, paths: [`a/${'b'.repeat(256)}`] } },
    'targets[0].source.paths[0]: Expected names of at most 255 characters, none of them a control character',
  ],
  [
    'a branch that no server has',
    { source: { ...target.source, branch: 'b'.repeat(256) } },
    'targets[0].source.branch: Expected at most 255 characters',
  ],
  [
    'a namespace of 64 characters',
    { namespace: 'n'.repeat(64) },
    'targets[0].namespace: Expected at most 63 characters',
  ],
  ['no paths', { source: { ...target.source, paths: [] } }, 'targets[0].source.paths: Expected at least one entry'],
  [
    'a branch that git would take for a flag',
    { source: { ...target.source, branch: '--upload-pack=x' } },
    'targets[0].source.branch: Expected the name of a branch',
  ],
  [
    'an ssh key for https',
    { source: { ...target.source, auth: { sshKey: { file: 'k' } } } },
    'targets[0].source.auth.sshKey: Expected a token: the url is not an ssh address',
  ],
  [
    'a token for ssh',
    { source: { ...target.source, url: 'ssh://git@h/x', auth: { token: { file: 'k' } } } },
    'targets[0].source.auth.token: Expected an sshKey: the url is an ssh address',
  ],
  [
    'an auth of no known kind',
    { source: { ...target.source, auth: { tokn: 1 } } },
    'targets[0].source.auth: Expected { token }, { sshKey, knownHosts? } or { githubApp: { appId, installationId, privateKey } }',
  ],
  [
    'a slip inside the auth that was meant',
    { source: { ...target.source, auth: { token: { evn: 'A' } } } },
    'targets[0].source.auth.token: Expected a secret: { file: path }, { env: NAME }, { aws: id, key?: field } or { ssm: name }',
  ],
  [
    'verification without keys',
    { source: { ...target.source, verify: { mode: 'head' } } },
    'targets[0].source.verify.keys: Expected the keys that commits may be signed with',
  ],
  ['neither kubeconfig nor eks', { cluster: {} }, 'targets[0].cluster: Expected either kubeconfig or eks'],
  [
    'both kubeconfig and eks',
    { cluster: { kubeconfig: { env: 'K' }, eks: { name: 'a', region: 'b' } } },
    'targets[0].cluster: Expected either kubeconfig or eks',
  ],
  [
    'values for kustomize',
    { renderer: 'kustomize', values: { a: 1 } },
    'targets[0].values: Expected renderer helm or auto: kustomize takes no values',
  ],
  [
    'values files for plain',
    { renderer: 'plain', valuesFiles: ['a'] },
    'targets[0].valuesFiles: Expected renderer helm or auto: plain takes no values',
  ],
  ['a timeout of nothing', { timeout: 0 }, 'targets[0].timeout: Expected a duration of at least 1s'],
  [
    'an interval below a second',
    { interval: '0.5s' },
    'targets[0].interval: Expected a duration of at least 1s, or 0 for never',
  ],
  [
    'an ignore rule without a pointer',
    { ignore: [{ kind: 'A', paths: ['spec'] }] },
    'targets[0].ignore[0].paths[0]: Expected a JSON pointer such as /spec/replicas',
  ],
  [
    'an interval of no known unit',
    { interval: '1x' },
    'targets[0].interval: Expected a duration such as 90s, 5m or 1h',
  ],
  [
    'an empty branch',
    { source: { ...target.source, branch: '' } },
    'targets[0].source.branch: Expected some text, found none',
  ],
  ['a mapping where true or false belongs', { prune: {} }, 'targets[0].prune: Expected true or false, found a mapping'],
])('a target is refused with %s', (_, change, message) => {
  expect(inTarget(change)).toEqual([message]);
});

it('two targets that adopt one are refused', () => {
  const targets = [
    { ...target, name: 'a', adopts: ['old'] },
    { ...target, name: 'b', adopts: ['older', 'old'] },
  ];
  expect(problems({ version: 1, targets })).toEqual([
    'targets[1].adopts[1]: Expected one target to adopt it: targets[0] does already',
  ]);
});

const malformed =
  'targets[0].source.url: Expected an https://, ssh:// or user@host:path address, without credentials; they belong into auth';
const httpRefused = 'targets[0].source.url: Expected https or ssh: http is for local runs on loopback';

it.each([
  ['https://github.com/a/b', true],
  ['ssh://git@host:2222/a/b.git', true],
  ['git@host.example:a/b.git', true],
  ['https://[::1]:8443/a', true],
  ['https://user@github.com/a/b', false],
  ['https://user:secret@github.com/a/b', false],
  ['ssh://git:secret@host/a', false],
  ['ssh://-oProxyCommand=x/a', false],
  ['-u@host:a', false],
  ['git@-host:a', false],
  ['https://github.com', false],
  ['https://github.com/a b', false],
  ['https://github.com/a#b', false],
  ['ext::sh -c x', false],
  ['/srv/git/a', false],
  ['file://host/a', false],
])('the url %s is accepted: %s', (url, accepted) => {
  expect(atUrl(url)).toEqual(accepted ? [] : [malformed]);
});

it.each([
  ['http://127.0.0.1:80/a', true, []],
  ['http://localhost/a', true, []],
  ['http://[::1]:1/a', true, []],
  ['http://127.0.0.1/a', false, [httpRefused]],
  ['http://git.example/a', true, [httpRefused]],
  ['http://127.0.0.1.example/a', true, [httpRefused]],
  ['file:///srv/a', true, []],
  ['file:///srv/a', false, ['targets[0].source.url: Expected https or ssh: file repositories are for local runs']],
])('the url %s in a local run (%s) gives %j', (url, local, expected) => {
  expect(atUrl(url, local)).toEqual(expected);
});

it('a secret written in place of its reference is not repeated in the problem', () => {
  const source = { ...target.source, auth: { token: 'ghp_s3cr3t' } };
  const found = problems({
    version: 1,
    webhooks: [{ ...webhook, secret: 'ghp_s3cr3t' }],
    targets: [{ ...target, source, cluster: { kubeconfig: 'ghp_s3cr3t' } }],
  });
  expect(found).toHaveLength(3);
  expect(found.join('\n')).not.toContain('s3cr3t');
});
