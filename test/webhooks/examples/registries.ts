import { sha256Hex } from '../../../lib/domain/digest.ts';
import type { ImageChange } from '../../../lib/domain/jobs/change.ts';
import { audience, claims, email, googleToken } from '../google.ts';
import { type Example, type Fields, hmac } from './example.ts';

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
    'without an address and an owner': {
      payload: {
        ...githubPackage,
        package: { name: 'shop', package_version: { ...packageVersion, package_url: undefined } },
      },
      changes: [],
    },
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

function unproven(
  sender: Example['sender'],
  payload: Fields,
  changes: Example['changes'],
  more: Partial<Example> = {},
): Example {
  return {
    sender,
    secret: '',
    otherSecret: '',
    headers: { 'content-type': 'application/json' },
    payload,
    sign: () => ({}),
    signsBody: false,
    changes,
    ...more,
  };
}

function image(name: string, tag = '1.2.3', withDigest = true): ImageChange {
  return { kind: 'image', image: name, tag, ...(withDigest && { digest }) };
}

const hub = { push_data: { tag: '1.2.3' }, repository: { repo_name: 'acme/shop' } };
const quayPush = { docker_url: 'quay.io/acme/shop', updated_tags: ['1.2.3'] };

const dockerhub = unproven('dockerhub', hub, [image('docker.io/acme/shop', '1.2.3', false)], {
  also: {
    'of an official image': {
      payload: { ...hub, repository: { repo_name: 'nginx' } },
      changes: [image('docker.io/library/nginx', '1.2.3', false)],
    },
    'with a time that is no integer, and a callback': {
      payload: { ...hub, push_data: { tag: '1.2.3', pushed_at: 1.417566161e9 }, callback_url: 'https://evil.example' },
      changes: [image('docker.io/acme/shop', '1.2.3', false)],
    },
    'without a usable tag': { payload: { ...hub, push_data: { tag: 'test-org/test-repo:v1.0' } }, changes: [] },
  },
});

const quay = unproven('quay', quayPush, [image('quay.io/acme/shop', '1.2.3', false)], {
  deciding: ['updated_tags'],
  also: {
    'of several tags': {
      payload: { ...quayPush, updated_tags: ['1.2.3', 'latest'] },
      changes: [image('quay.io/acme/shop', '1.2.3', false), image('quay.io/acme/shop', 'latest', false)],
    },
  },
});

const acrPush = {
  id: 'cb8c3971-9adc-488b-bdd8-43cbb4974ff5',
  action: 'push',
  target: { repository: 'shop', tag: '1.2.3', digest },
  request: { host: 'acme.azurecr.io' },
};
const acr = unproven('acr', acrPush, [image('acme.azurecr.io/shop')], {
  optional: ['id', 'target.digest'],
  deciding: ['action', 'target.tag'],
  deliveryId: acrPush.id,
  also: {
    'that is a ping': { payload: { id: acrPush.id, action: 'ping' }, changes: [] },
    'of a deletion': { payload: { ...acrPush, action: 'delete', target: { repository: 'shop', digest } }, changes: [] },
    'of a chart': { payload: { ...acrPush, action: 'chart_push' }, changes: [] },
  },
});

const aliyunPush = {
  push_data: { tag: '1.2.3', digest },
  repository: { repo_full_name: 'acme/shop', region: 'cn-hangzhou' },
};
const aliyun = unproven('aliyun', aliyunPush, [image('registry.cn-hangzhou.aliyuncs.com/acme/shop')], {
  optional: ['push_data.digest'],
});

const resource = { resource_url: 'harbor.acme.io/shop/web:1.2.3', tag: '1.2.3', digest };
const harborData = { resources: [resource], repository: { repo_full_name: 'shop/web' } };
const harborPush = { type: 'PUSH_ARTIFACT', event_data: harborData };

const harbor = {
  sender: 'harbor',
  secret: 'Bearer f4f1e8fcd09bc07a397df58b3a2af9ed9414e39b',
  otherSecret: 'f4f1e8fcd09bc07a397df58b3a2af9ed9414e39b',
  headers: { 'content-type': 'application/json' },
  payload: harborPush,
  optional: ['event_data.resources.0.digest'],
  deciding: ['type', 'event_data.resources', 'event_data.resources.0.tag'],
  sign: (_body, secret) => ({ authorization: secret }),
  proof: { header: 'authorization', empty: ['', 'Bearer', 'Bearer '] },
  signsBody: false,
  changes: [image('harbor.acme.io/shop/web')],
  also: {
    'of Harbor 1': { payload: { ...harborPush, type: 'pushImage' }, changes: [image('harbor.acme.io/shop/web')] },
    'of a digest, which stands where a tag would': {
      payload: {
        ...harborPush,
        event_data: {
          ...harborData,
          resources: [{ ...resource, tag: digest, resource_url: `harbor.acme.io/shop/web@${digest}` }],
        },
      },
      changes: [],
    },
    'of a deletion': { payload: { ...harborPush, type: 'DELETE_ARTIFACT' }, changes: [] },
    'of a scan, in another shape': { payload: { type: 'SCANNING_COMPLETED', event_data: [] }, changes: [] },
    'of several images': {
      payload: {
        ...harborPush,
        event_data: {
          ...harborData,
          resources: [resource, { resource_url: 'harbor.acme.io:8443/shop/api:2', tag: '2' }],
        },
      },
      changes: [image('harbor.acme.io/shop/web'), image('harbor.acme.io:8443/shop/api', '2', false)],
    },
  },
} as const satisfies Example;

const event = {
  id: 'd83e8796-7ba5-46ad-b239-d88473e21b2b',
  action: 'push',
  target: {
    mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
    repository: 'shop/web',
    tag: '1.2.3',
    digest,
    url: `https://registry.acme.io:5000/v2/shop/web/manifests/${digest}`,
  },
  request: { host: 'registry.acme.io:5000' },
};
const pull = { ...event, action: 'pull' };
const blob = { ...event, target: { ...event.target, mediaType: 'application/octet-stream', tag: undefined } };
const untagged = { ...event, target: { ...event.target, tag: undefined } };
const index = {
  ...event,
  id: 'second',
  target: { ...event.target, mediaType: 'application/vnd.oci.image.index.v1+json', repository: 'shop/api', tag: '2' },
};
const deletion = { id: 'third', action: 'delete', target: { repository: 'shop/web', digest } };

const distribution = {
  ...harbor,
  sender: 'distribution',
  headers: { 'content-type': 'application/vnd.docker.distribution.events.v2+json' },
  payload: { events: [event] },
  optional: [
    'events.0.id',
    'events.0.target.digest',
    'events.0.target.url',
    'events.0.request',
    'events.0.request.host',
  ],
  deciding: [
    'events',
    'events.0.target',
    'events.0.target.mediaType',
    'events.0.target.repository',
    'events.0.target.tag',
  ],
  changes: [image('registry.acme.io:5000/shop/web')],
  deliveryId: sha256Hex(JSON.stringify([event.id])),
  also: {
    'of several events, with a pull, a blob and a deletion among them': {
      payload: { events: [pull, event, blob, index, deletion] },
      changes: [image('registry.acme.io:5000/shop/web'), image('registry.acme.io:5000/shop/api', '2')],
      deliveryId: sha256Hex(JSON.stringify([event.id, index.id])),
    },
    'of a pull, of a blob, without a tag, of a deletion': {
      payload: { events: [pull, blob, untagged, deletion] },
      changes: [],
    },
    'whose pusher named no host': {
      payload: { events: [{ ...event, request: { host: '' } }] },
      changes: [image('registry.acme.io:5000/shop/web')],
    },
  },
} as const satisfies Example;

const gcrNews = {
  action: 'INSERT',
  tag: 'us-east1-docker.pkg.dev/acme/repo/web:1.2.3',
  digest: `us-east1-docker.pkg.dev/acme/repo/web@${digest}`,
};
function envelopeOf(news: unknown) {
  const data = Buffer.from(typeof news === 'string' ? news : JSON.stringify(news)).toString('base64');
  return { message: { data, messageId: '136969346945' } };
}
const garImage = image('us-east1-docker.pkg.dev/acme/repo/web');

const gcr = {
  sender: 'gcr',
  settings: { audience, email },
  secret: 'google',
  otherSecret: 'a stranger',
  headers: { 'content-type': 'application/json' },
  payload: envelopeOf(gcrNews),
  optional: ['message.messageId'],
  deciding: ['message'],
  sign: (_body, secret) => ({ authorization: `Bearer ${googleToken(claims, secret)}` }),
  proof: { header: 'authorization', empty: ['', 'Bearer', 'Bearer ', 'Bearer ..'], isToken: true },
  signsBody: false,
  changes: [garImage],
  deliveryId: '136969346945',
  also: {
    'of a tag alone': {
      payload: envelopeOf({ action: 'INSERT', tag: 'us.gcr.io/am/am.kebab.api:test' }),
      changes: [image('us.gcr.io/am/am.kebab.api', 'test', false)],
    },
    'of a digest alone': { payload: envelopeOf({ ...gcrNews, tag: undefined }), changes: [] },
    'of a deletion': { payload: envelopeOf({ ...gcrNews, action: 'DELETE' }), changes: [] },
  },
} as const satisfies Example;

const jfrogPush = {
  domain: 'docker',
  event_type: 'pushed',
  data: { repo_key: 'docker-local', image_name: 'shop/web', tag: '1.2.3', sha256: digest.slice('sha256:'.length) },
  jpd_origin: 'https://acme.jfrog.io',
};
const jfrog = {
  sender: 'jfrog',
  secret: 'mysecret',
  otherSecret: 'another secret',
  headers: { 'content-type': 'application/json' },
  payload: jfrogPush,
  optional: ['data.sha256'],
  deciding: ['domain', 'event_type'],
  sign: (body, secret) => ({ 'x-jfrog-event-auth': hmac('sha256', body, secret) }),
  proof: { header: 'x-jfrog-event-auth', empty: ['', 'sha256='] },
  signsBody: true,
  changes: [image('acme.jfrog.io/docker-local/shop/web')],
  also: {
    'of a deletion': { payload: { ...jfrogPush, event_type: 'deleted' }, changes: [] },
    'of an artifact of another kind': {
      payload: { domain: 'artifact', event_type: 'deployed', data: {} },
      changes: [],
    },
  },
} as const satisfies Example;

const component = { format: 'docker', name: 'shop/web', version: '1.2.3' };
const nexus = {
  sender: 'nexus',
  settings: { registry: 'nexus.acme.io:5000' },
  secret: 'gk0qp4u98xy0vntojv81i8zcjr4zw7xd6c4ugzad',
  otherSecret: 'another secret',
  headers: {
    'content-type': 'application/json; charset=UTF-8',
    'x-nexus-webhook-id': 'rm:repository:component',
    'x-nexus-webhook-delivery': 'bd9e6aef-0e27-4570-980d-f639c49ab5ed',
  },
  payload: { action: 'CREATED', component },
  deciding: ['component.version'],
  sign: (body, secret) => ({ 'x-nexus-webhook-signature': hmac('sha1', body, secret) }),
  proof: { header: 'x-nexus-webhook-signature', empty: ['', 'sha1='] },
  signsBody: true,
  changes: [image('nexus.acme.io:5000/shop/web', '1.2.3', false)],
  deliveryId: 'bd9e6aef-0e27-4570-980d-f639c49ab5ed',
  ignored: { 'x-nexus-webhook-id': 'rm:repository:repository' },
  also: {
    'of a deletion': { payload: { action: 'DELETED', component }, changes: [] },
    'of another format': { payload: { action: 'CREATED', component: { ...component, format: 'npm' } }, changes: [] },
  },
} as const satisfies Example;

function assetOf(name: string) {
  return { action: 'CREATED', asset: { format: 'docker', name } };
}

const published = {
  context: { id: '271069a8-fc18-44f1-b38f-9d70a1695819' },
  subject: { id: `pkg:oci/web@${digest.replace(':', '%3A')}?repository_url=registry.acme.io/shop/web&tag=1.2.3` },
};
function publishedAs(id: string) {
  return { ...published, subject: { id } };
}

const cdevents = {
  sender: 'cdevents',
  secret: 'a secret of the pipeline',
  otherSecret: 'a secret of someone else',
  headers: { 'content-type': 'application/json', 'ce-type': 'dev.cdevents.artifact.published.0.2.0' },
  payload: published,
  sign: (body, secret) => ({ 'x-signature': `sha256=${hmac('sha256', body, secret)}` }),
  proof: { header: 'x-signature', empty: ['', 'sha256='] },
  signsBody: true,
  changes: [image('registry.acme.io/shop/web')],
  deliveryId: published.context.id,
  also: {
    'of another event': { payload: {}, headers: { 'ce-type': 'cd.change.merged.v1' }, changes: [] },
    'of a package of Docker': {
      payload: publishedAs('pkg:docker/acme/shop@1.2.3?repository_url=registry.acme.io'),
      changes: [image('registry.acme.io/acme/shop', '1.2.3', false)],
    },
    'of a package of Docker Hub': {
      payload: publishedAs('pkg:docker/nginx@1.27'),
      changes: [image('docker.io/library/nginx', '1.27', false)],
    },
    'of another package': {
      payload: publishedAs('pkg:golang/mygit.com/myorg/myapp@234fd47e07d1004f0aed9c'),
      changes: [],
    },
    'of an image that nobody can find': { payload: publishedAs(`pkg:oci/web@${digest}?tag=1.2.3`), changes: [] },
    'with the name that drafts had': {
      payload: published,
      headers: { 'ce-type': 'cd.artifact.published.v1' },
      changes: [image('registry.acme.io/shop/web')],
    },
  },
} as const satisfies Example;

export const registries: Readonly<Record<string, Example>> = {
  'github, package': github,
  'generic, image': generic,
  dockerhub,
  quay,
  acr,
  aliyun,
  'aliyun, instance of its own': {
    ...aliyun,
    settings: { registry: 'acme-registry.cn-hangzhou.cr.aliyuncs.com' },
    changes: [image('acme-registry.cn-hangzhou.cr.aliyuncs.com/acme/shop')],
  },
  harbor,
  'harbor, CloudEvents': {
    ...harbor,
    headers: { 'content-type': 'application/cloudevents+json' },
    payload: { type: 'harbor.artifact.pushed', id: '66e18103-09c1-41f6-982f-37df223f3eeb', data: harborData },
    optional: ['data.resources.0.digest'],
    deciding: ['type', 'data.resources', 'data.resources.0.tag'],
    deliveryId: '66e18103-09c1-41f6-982f-37df223f3eeb',
    also: {},
  },
  'harbor, under another name': {
    ...harbor,
    settings: { registry: 'registry.acme.io' },
    changes: [image('registry.acme.io/shop/web')],
    also: {},
  },
  distribution,
  'distribution, under another name': {
    ...distribution,
    settings: { registry: 'registry.acme.io' },
    changes: [image('registry.acme.io/shop/web')],
    also: {},
  },
  gcr,
  'gcr, without an envelope': {
    ...gcr,
    headers: { ...gcr.headers, 'x-goog-pubsub-message-id': '136969346945' },
    payload: gcrNews,
    optional: ['digest'],
    deciding: ['action', 'tag'],
    also: {},
  },
  'jfrog, signed': jfrog,
  'jfrog, secret': {
    ...jfrog,
    settings: { payloadSigning: false },
    sign: (_body, secret) => ({ 'x-jfrog-event-auth': secret }),
    proof: { header: 'x-jfrog-event-auth', empty: [''] },
    signsBody: false,
  },
  'jfrog, virtual repository': {
    ...jfrog,
    settings: { registry: 'docker.acme.io' },
    payload: { ...jfrogPush, jpd_origin: '' },
    optional: ['data.sha256', 'jpd_origin'],
    changes: [image('docker.acme.io/shop/web')],
    also: {},
  },
  'nexus, component': nexus,
  'nexus, asset': {
    ...nexus,
    headers: { ...nexus.headers, 'x-nexus-webhook-id': 'rm:repository:asset' },
    payload: assetOf('v2/shop/web/manifests/1.2.3'),
    deciding: [],
    also: {
      'of a manifest by its digest': { payload: assetOf(`v2/shop/web/manifests/${digest}`), changes: [] },
      'of a layer': { payload: assetOf(`v2/-/blobs/${digest}`), changes: [] },
    },
  },
  cdevents,
  'cdevents, structured': {
    ...cdevents,
    secret: 'Bearer a secret of the pipeline',
    otherSecret: 'Bearer a secret of someone else',
    headers: { 'content-type': 'application/cloudevents+json' },
    payload: { type: 'dev.cdevents.artifact.published.0.2.0', data: published },
    deciding: ['type'],
    sign: (_body, secret) => ({ authorization: secret }),
    proof: { header: 'authorization', empty: ['', 'Bearer', 'Bearer '] },
    signsBody: false,
    also: {
      'of another event': {
        payload: { specversion: '1.0', type: 'dev.cdevents.change.merged.0.2.0', data: {} },
        changes: [],
      },
    },
  },
};
