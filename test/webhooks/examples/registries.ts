import { type Example, hmac } from './example.ts';

const digest = `sha256:${'4afff550708506c5b8b7384ad10d401a02b29ed587cb2730cb02753095b5178d'}`;

const packageVersion = {
  version: digest,
  package_url: 'ghcr.io/Acme/Shop:1.2.3',
  container_metadata: { tag: { name: '1.2.3', digest }, manifest: { digest } },
};
const githubPackage = {
  action: 'published',
  package: {
    name: 'Shop',
    namespace: 'Acme',
    owner: { login: 'Acme' },
    package_type: 'CONTAINER',
    registry: { url: 'https://ghcr.io/Acme' },
    package_version: packageVersion,
  },
};
const shop = { kind: 'image', image: 'ghcr.io/acme/shop', tag: '1.2.3', digest } as const;

function withVersion(version: object) {
  return {
    ...githubPackage,
    package: { ...githubPackage.package, package_version: { ...packageVersion, ...version } },
  };
}

const github = {
  sender: 'github',
  secret: "It's a Secret to Everybody",
  otherSecret: 'topsecret',
  headers: {
    'content-type': 'application/json',
    'x-github-event': 'package',
    'x-github-delivery': 'ee8d97b4-1479-43f1-9cac-fbbd1b80da55',
  },
  payload: githubPackage,
  optional: [
    'package.namespace',
    'package.owner',
    'package.package_type',
    'package.registry',
    'package.registry.url',
    'package.package_version.version',
    'package.package_version.package_url',
    'package.package_version.container_metadata.manifest',
    'package.package_version.container_metadata.manifest.digest',
    'package.package_version.container_metadata.tag.digest',
  ],
  deciding: [
    'package',
    'package.package_version',
    'package.package_version.container_metadata',
    'package.package_version.container_metadata.tag',
    'package.package_version.container_metadata.tag.name',
  ],
  sign: (body, secret) => ({ 'x-hub-signature-256': `sha256=${hmac('sha256', body, secret)}` }),
  proof: { header: 'x-hub-signature-256', empty: ['', 'sha256='] },
  signsBody: true,
  changes: [shop],
  deliveryId: 'ee8d97b4-1479-43f1-9cac-fbbd1b80da55',
  ignored: { 'x-github-event': 'ping' },
  also: {
    'through a GitHub App': {
      payload: { action: 'updated', registry_package: githubPackage.package },
      headers: { 'x-github-event': 'registry_package' },
      changes: [shop],
    },
    'of a part of a multi-arch image': {
      payload: withVersion({
        package_url: 'ghcr.io/Acme/Shop:',
        container_metadata: { tag: { name: '', digest: '' } },
      }),
      changes: [],
    },
    'whose address ends in a colon': { payload: withVersion({ package_url: 'ghcr.io/Acme/Shop:' }), changes: [shop] },
    'without an address': { payload: withVersion({ package_url: undefined }), changes: [shop] },
    'of an own GitHub server': {
      payload: withVersion({ package_url: 'containers.github.acme.io/team/shop:1.2.3' }),
      changes: [{ ...shop, image: 'containers.github.acme.io/team/shop' }],
    },
    'of a package of another kind': {
      payload: {
        ...githubPackage,
        package: { name: 'shop', package_type: 'npm', package_version: { version: '1.2.3' } },
      },
      changes: [],
    },
    'of a deletion': { payload: { ...githubPackage, action: 'deleted' }, changes: [] },
    'of the registry before GHCR': {
      payload: {
        action: 'published',
        registry_package: {
          name: 'server',
          package_type: 'docker',
          registry: { url: 'https://docker.pkg.github.com/acme/shop' },
          package_version: { version: '1.2.3', manifest: '{}' },
        },
      },
      headers: { 'x-github-event': 'registry_package' },
      changes: [{ kind: 'image', image: 'docker.pkg.github.com/acme/shop/server', tag: '1.2.3' }],
    },
  },
} as const satisfies Example;

const genericPayload = { image: 'registry.acme.io:5000/shop', tag: '1.2.3', digest };
const genericChange = { kind: 'image', ...genericPayload } as const;

const generic = {
  sender: 'generic',
  secret: 'a secret of the CI',
  otherSecret: 'a secret of someone else',
  headers: { 'content-type': 'application/json' },
  payload: genericPayload,
  optional: ['tag', 'digest'],
  deciding: ['image'],
  sign: (body, secret) => ({ 'x-signature': `sha256=${hmac('sha256', body, secret)}` }),
  proof: { header: 'x-signature', empty: ['', 'sha256='] },
  signsBody: true,
  changes: [genericChange],
  also: {
    'without more than a name': {
      payload: { image: 'nginx' },
      changes: [{ kind: 'image', image: 'docker.io/library/nginx' }],
    },
  },
} as const satisfies Example;

export const registries: Readonly<Record<string, Example>> = {
  'github, package': github,
  'generic, image': generic,
};
