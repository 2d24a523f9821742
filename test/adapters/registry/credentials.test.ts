import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { parseChallenge } from '../../../lib/adapters/registry/challenge.ts';
import { readCredential, readDockerConfig } from '../../../lib/adapters/registry/credentials.ts';
import { isPublicName, registryCloud } from '../../../lib/domain/images/registry-host.ts';
import { describeShared } from '../../shared.ts';
import { sharedCases } from '../../shared-cases.ts';

function decode(authorization: string): string {
  return Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString('utf8');
}

it.each([
  ['user:password', 'quay.io', 'user:password'],
  ['user:pass:word\n', 'quay.io', 'user:pass:word'],
  ['{"auths": {"quay.io": {"auth": "dXNlcjpwYXNz"}}}', 'quay.io', 'user:pass'],
  ['{"quay.io": {"username": "user", "password": "pass"}}', 'quay.io', 'user:pass'],
  ['{"auths": {"https://index.docker.io/v1/": {"auth": "dXNlcjpwYXNz"}}}', 'docker.io', 'user:pass'],
  ['{"auths": {"docker.io": {"auth": "dXNlcjpwYXNz"}}}', 'index.docker.io', 'user:pass'],
])('the credential in %j for %s', (secret, host, expected) => {
  expect(decode(readCredential(secret, host).basic())).toBe(expected);
});

it.each([
  '',
  'hunter2',
  ':hunter2',
  '{',
  '{"auths": 7}',
  '{"auths": {"other.io": {"auth": "dXNlcjpwYXNz"}}}',
  '{"auths": {"quay.io": {"auth": "bm8="}}}',
])('a secret that holds none is refused, and not shown: %j', (secret) => {
  const act = () => readCredential(secret, 'quay.io');
  expect(act).toThrow(/^Cannot use the credentials of the registry "[^"]*": /);
  expect(act).not.toThrow(/hunter2|dXNl|bm8=/);
});

it('entries of credential helpers are left out', () => {
  expect([...readDockerConfig('{"auths": {"quay.io": {}}, "credsStore": "desktop"}').keys()]).toEqual([]);
});

it.each([
  ['Basic realm="x"', { scheme: 'basic' }],
  ['basic', { scheme: 'basic' }],
  [
    'Bearer realm="https://a/token",service="s",scope="repository:a/b:pull,push"',
    { scheme: 'bearer', realm: 'https://a/token', service: 's', scope: 'repository:a/b:pull,push' },
  ],
  [
    'bearer realm=https://a/token , service = "a \\"b\\""',
    { scheme: 'bearer', realm: 'https://a/token', service: 'a "b"' },
  ],
  ['Basic realm="x", Bearer realm="https://a/token"', { scheme: 'bearer', realm: 'https://a/token' }],
  ['Bearer service="s"', undefined],
  ['Negotiate', undefined],
  ['', undefined],
  [undefined, undefined],
  [`Bearer realm="${'x'.repeat(5000)}"`, undefined],
])('the challenge %j', (header, expected) => {
  expect(parseChallenge(header)).toEqual(expected);
});

it.each([
  ['quay.io', true],
  ['registry.acme.io:5000', true],
  ['localhost', false],
  ['registry', false],
  ['10.0.0.1', false],
  ['10.0.0.1:5000', false],
  ['[::1]', false],
  ['metadata.google.internal', false],
  ['printer.local', false],
  ['localhost.', false],
])('%s is a public name: %s', (host, expected) => {
  expect(isPublicName(host)).toBe(expected);
});

it.each([
  ['123456789012.dkr.ecr.eu-west-1.amazonaws.com', 'aws'],
  ['123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn', 'aws'],
  ['gcr.io', 'google'],
  ['eu.gcr.io', 'google'],
  ['europe-docker.pkg.dev', 'google'],
  ['acme.azurecr.io', 'azure'],
  ['k8s.gcr.io.example.com', undefined],
  ['quay.io', undefined],
])('%s is of %s', (host, cloud) => {
  expect(registryCloud(host)).toBe(cloud);
});

describeShared('misc_flux1.json', (directory) => {
  const rows = sharedCases(directory, 'misc_flux1');

  interface DockerConfig {
    readonly dockerConfig: unknown;
  }

  interface Found {
    readonly error?: boolean;
    readonly host?: string;
    readonly hosts?: readonly string[];
    readonly username?: string;
    readonly password?: string;
  }

  function expectCredentials({ dockerConfig }: DockerConfig, expected: Found): void {
    const act = () => readDockerConfig(JSON.stringify(dockerConfig));
    if (expected.error) {
      expect(act).toThrow(/^Cannot use the credentials/);
      return;
    }
    const credentials = act();
    const hosts = expected.hosts ?? (expected.host === undefined ? [] : [expected.host]);
    expect([...credentials.keys()].sort()).toEqual([...hosts].sort());
    for (const credential of credentials.values()) {
      if (expected.username !== undefined) expect(credential.username).toBe(expected.username);
      if (expected.password === undefined) continue;
      expect(decode(credential.basic())).toBe(`${expected.username}:${expected.password}`);
      expect(inspect(credential, { depth: 5 }) + JSON.stringify(credential)).not.toContain(expected.password);
    }
  }

  it.each(rows<DockerConfig, Found>('docker_config_host'))('%s', (_, { input, expect: expected }) => {
    expectCredentials(input, expected);
  });

  it.each(rows<DockerConfig, Found>('docker_config'))('%s', (_, { input, expect: expected }) => {
    expectCredentials(input, expected);
  });

  it.each(rows<{ host: string }, { azure: boolean }>('azure_host'))(
    '%s',
    (_, { input: { host }, expect: { azure } }) => {
      expect(registryCloud(host) === 'azure').toBe(azure);
    },
  );

  interface PullSecrets {
    readonly serviceAccountSecrets?: Readonly<Record<string, string>>;
    readonly podSecrets?: Readonly<Record<string, string>>;
  }

  // DESIGN §6: Sluice reads no pull secrets; registries in its settings hold such configs.
  it.each(rows<PullSecrets, { hosts?: Readonly<Record<string, string[]>> }>('pull_credentials'))(
    '%s',
    (_, { input, expect: expected }) => {
      const secrets = { ...input.serviceAccountSecrets, ...input.podSecrets };
      const config = {
        auths: Object.fromEntries(Object.values(secrets).map((host) => [host, { auth: 'dXNlcjpwYXNz' }])),
      };
      const found = [...readDockerConfig(JSON.stringify(config)).keys()].sort();
      for (const hosts of Object.values(expected.hosts ?? {})) expect(found).toEqual(hosts);
    },
  );
});
