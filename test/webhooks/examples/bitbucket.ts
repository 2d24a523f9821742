import { after, before, type Example, hmac, pushTo, zeros } from './example.ts';

/** Bitbucket Cloud, and Bitbucket Server and Data Center (facts/webhooks.md §1.4, §1.5): two products with headers of the same names. */

function branch(name: string, hash: string) {
  return { type: 'branch', name, target: { hash } };
}

const cloudUrls = ['https://bitbucket.org/acme/shop.git', 'git@bitbucket.org:acme/shop.git'] as const;
const cloudPush = pushTo(...cloudUrls);
const { before: _, ...cloudCreated } = cloudPush;
const moved = { new: branch('main', after), old: branch('main', before) };
const repository = { full_name: 'acme/shop' };

function cloudPayload(...changes: readonly object[]) {
  return { push: { changes }, repository };
}

const cloud = {
  sender: 'bitbucket',
  secret: "It's a Secret to Everybody",
  otherSecret: 'topsecret',
  headers: {
    'content-type': 'application/json',
    'x-event-key': 'repo:push',
    'x-hook-uuid': '{92fae603-2b3f-4e9a-8d47-1afddd799dba}',
    'x-request-uuid': '00000000-0000-4000-8000-000000000001',
    'x-attempt-number': '1',
  },
  payload: cloudPayload(moved),
  optional: ['push.changes.0.old'],
  deciding: ['push.changes', 'push.changes.0.new'],
  sign: (body, secret) => ({ 'x-hub-signature': `sha256=${hmac('sha256', body, secret)}` }),
  proof: { header: 'x-hub-signature', empty: ['', 'sha256='] },
  signsBody: true,
  changes: [cloudPush],
  deliveryId: '00000000-0000-4000-8000-000000000001',
  ignored: { 'x-event-key': 'repo:fork' },
  also: {
    'of a deleted branch': { payload: cloudPayload({ new: null, old: moved.old, closed: true }), changes: [] },
    'of a new branch': { payload: cloudPayload({ new: moved.new, old: null, created: true }), changes: [cloudCreated] },
    'of a tag': {
      payload: cloudPayload({ new: { ...moved.new, type: 'tag', name: 'v1' }, old: null }),
      changes: [{ ...cloudCreated, ref: 'refs/tags/v1' }],
    },
    'of several refs': {
      payload: cloudPayload(moved, { new: branch('release/1', after), old: null }, { new: null, old: moved.old }),
      changes: [cloudPush, { ...cloudCreated, ref: 'refs/heads/release/1' }],
    },
  },
} as const satisfies Example;

const cloudRequest = {
  pullrequest: {
    id: 7,
    destination: { branch: { name: 'main' }, repository },
    source: {
      branch: { name: 'prices' },
      commit: { hash: after.slice(0, 12) },
      repository: { full_name: 'fork/shop' },
    },
  },
};
const cloudRequestChange = {
  kind: 'pull-request',
  urls: cloudUrls,
  number: 7,
  event: 'updated',
  base: 'refs/heads/main',
  head: { urls: ['https://bitbucket.org/fork/shop.git', 'git@bitbucket.org:fork/shop.git'], ref: 'refs/heads/prices' },
} as const;

const serverUrls = [
  'ssh://git@bitbucket.acme.io:7999/shop/deploy.git',
  'https://bitbucket.acme.io/scm/shop/deploy.git',
] as const;
const serverPush = pushTo(...serverUrls);
const { before: _before, ...serverCreated } = serverPush;
const serverRepository = {
  slug: 'deploy',
  project: { key: 'SHOP' },
  links: { clone: serverUrls.map((href) => ({ href })) },
};
const { links: _links, ...oldRepository } = serverRepository;
const serverChange = { ref: { id: 'refs/heads/main' }, fromHash: before, toHash: after };
const serverPayload = { repository: serverRepository, changes: [serverChange] };

const server = {
  ...cloud,
  sender: 'bitbucket-server',
  headers: {
    'content-type': 'application/json; charset=utf-8',
    'x-event-key': 'repo:refs_changed',
    'x-request-id': 'd2b6d5ae-0f2a-4cf9-9d1c-000000000001',
  },
  payload: serverPayload,
  settings: { server: 'https://bitbucket.acme.io/' },
  optional: ['repository.links', 'repository.links.clone'],
  deciding: ['changes'],
  changes: [serverPush],
  deliveryId: 'd2b6d5ae-0f2a-4cf9-9d1c-000000000001',
  ignored: { 'x-event-key': 'diagnostics:ping' },
  also: {
    'of a deleted branch': {
      payload: { ...serverPayload, changes: [{ ...serverChange, toHash: zeros, type: 'DELETE' }] },
      changes: [],
    },
    'of a new branch': {
      payload: { ...serverPayload, changes: [{ ...serverChange, fromHash: zeros, type: 'ADD' }] },
      changes: [serverCreated],
    },
    'of several refs, a tag among them': {
      payload: { ...serverPayload, changes: [serverChange, { ...serverChange, ref: { id: 'refs/tags/v1' } }] },
      changes: [serverPush, { ...serverPush, ref: 'refs/tags/v1' }],
    },
    'of an old server': {
      payload: { ...serverPayload, repository: oldRepository },
      changes: [{ ...serverPush, urls: ['https://bitbucket.acme.io/scm/SHOP/deploy.git'] }],
    },
  },
} as const satisfies Example;

const serverRequest = {
  pullRequest: {
    id: 7,
    fromRef: { id: 'refs/heads/prices', latestCommit: after, repository: serverRepository },
    toRef: { id: 'refs/heads/main', latestCommit: before, repository: serverRepository },
  },
};
const serverRequestChange = {
  ...cloudRequestChange,
  urls: serverUrls,
  head: { urls: serverUrls, ref: 'refs/heads/prices', commit: after },
} as const;

export const bitbuckets: Readonly<Record<string, Example>> = {
  bitbucket: cloud,
  'bitbucket, unsigned': { ...withoutProof(cloud), sign: () => ({}), signsBody: false },
  'bitbucket, pull request': {
    ...cloud,
    headers: { ...cloud.headers, 'x-event-key': 'pullrequest:updated' },
    payload: cloudRequest,
    optional: ['pullrequest.source.repository', 'pullrequest.source.commit'],
    deciding: [],
    changes: [cloudRequestChange],
    also: Object.fromEntries(
      (['created opened', 'fulfilled merged', 'rejected closed'] as const).map((words) => {
        const [key, event] = words.split(' ') as ['created', 'opened'];
        return [
          `that is ${key}`,
          {
            payload: cloudRequest,
            headers: { 'x-event-key': `pullrequest:${key}` },
            changes: [{ ...cloudRequestChange, event }],
          },
        ];
      }),
    ),
  },
  'bitbucket-server': server,
  'bitbucket-server, pull request': {
    ...server,
    headers: { ...server.headers, 'x-event-key': 'pr:from_ref_updated' },
    payload: serverRequest,
    optional: [
      ...['fromRef', 'toRef'].flatMap((ref) =>
        ['latestCommit', 'repository.links', 'repository.links.clone'].map((field) => `pullRequest.${ref}.${field}`),
      ),
    ],
    deciding: [],
    changes: [serverRequestChange],
    also: {
      'that was merged': {
        payload: serverRequest,
        headers: { 'x-event-key': 'pr:merged' },
        changes: [{ ...serverRequestChange, event: 'merged' }],
      },
      'that was declined': {
        payload: serverRequest,
        headers: { 'x-event-key': 'pr:declined' },
        changes: [{ ...serverRequestChange, event: 'closed' }],
      },
    },
  },
};

function withoutProof({ proof: _proof, ...example }: typeof cloud): Omit<typeof cloud, 'proof'> {
  return example;
}
