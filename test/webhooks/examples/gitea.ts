import { after, before, type Example, type Fields, hmac, pushTo, zeros } from './example.ts';

/** Gitea, Forgejo and Gogs: one family (facts/webhooks.md §1.6). */

const urls = ['https://git.example.com/acme/shop.git', 'git@git.example.com:acme/shop.git'] as const;
const repository = { clone_url: urls[0], ssh_url: urls[1] };
const fork = { clone_url: 'https://git.example.com/fork/shop.git', ssh_url: 'git@git.example.com:fork/shop.git' };
const push = pushTo(...urls);
const { before: _, ...created } = push;
const payload = { ref: 'refs/heads/main', before, after, repository };

function headersOf(product: 'gitea' | 'gogs', event: string) {
  return {
    'content-type': 'application/json',
    [`x-${product}-event`]: event,
    [`x-${product}-delivery`]: 'f6266f16-1bf3-46a5-9ea4-602e06ead473',
    // Sent as well, for receivers that know no better; none of it counts.
    'x-github-event': event,
    'x-github-delivery': 'f6266f16-1bf3-46a5-9ea4-602e06ead473',
    'x-hub-signature-256': 'sha256=00',
  };
}

function asForm(json: string): string {
  return `payload=${encodeURIComponent(json)}`;
}

const pushes: Example['also'] = {
  'of a new branch': { payload: { ...payload, before: zeros }, changes: [created] },
  'of a deleted branch': { payload: { ...payload, after: zeros }, changes: [] },
  'of a tag': { payload: { ...payload, ref: 'refs/tags/v1' }, changes: [{ ...push, ref: 'refs/tags/v1' }] },
};

function createdEvents(header: string): Example['also'] {
  return {
    'of a branch that was created': {
      payload: { ref: 'main', ref_type: 'branch', sha: after, repository },
      headers: { [header]: 'create' },
      changes: [created],
    },
    'of a branch that an old version created': {
      payload: { ref: 'main', ref_type: 'branch', repository },
      headers: { [header]: 'create' },
      changes: [{ kind: 'git', urls, ref: 'refs/heads/main' }],
    },
    'of a tag that was created': {
      payload: { ref: 'v1', ref_type: 'tag', sha: after, repository },
      headers: { [header]: 'create' },
      changes: [{ ...created, ref: 'refs/tags/v1' }],
    },
    'of a branch that was deleted': {
      payload: { ref: 'main', ref_type: 'branch', repository },
      headers: { [header]: 'delete' },
      changes: [],
    },
  };
}

const gitea = {
  sender: 'gitea',
  secret: '71295b197fa25f4356d2fb9965df3f2379d903d7',
  otherSecret: 'topsecret',
  headers: headersOf('gitea', 'push'),
  payload,
  sign: (body, secret) => ({ 'x-gitea-signature': hmac('sha256', body, secret) }),
  proof: { header: 'x-gitea-signature', empty: ['', 'sha256='] },
  signsBody: true,
  changes: [push],
  deliveryId: 'f6266f16-1bf3-46a5-9ea4-602e06ead473',
  ignored: { 'x-gitea-event': 'issues' },
  also: { ...pushes, ...createdEvents('x-gitea-event') },
} satisfies Example;

/** In a form it is the JSON that is signed. */
function signCarried(body: Buffer, secret: string): string {
  const [, value] = /^payload=(.*)$/s.exec(body.toString()) ?? [];
  return hmac('sha256', value === undefined ? body : Buffer.from(decodeURIComponent(value)), secret);
}

const request = {
  action: 'synchronized',
  number: 7,
  pull_request: {
    merged: false,
    base: { ref: 'main', sha: before, repo: repository },
    head: { ref: 'prices', sha: after, repo: fork },
  },
};
const requestChange = {
  kind: 'pull-request',
  urls,
  number: 7,
  event: 'updated',
  base: 'refs/heads/main',
  head: { urls: [fork.clone_url, fork.ssh_url], ref: 'refs/heads/prices', commit: after },
} as const;

const gogsRequest = {
  action: 'synchronized',
  number: 7,
  pull_request: { merged: false, base_branch: 'main', base_repo: repository, head_branch: 'prices', head_repo: fork },
};
const { commit: _commit, ...headOfGogs } = requestChange.head;
const gogsChange = { ...requestChange, head: headOfGogs };

const gogs = {
  ...gitea,
  sender: 'gogs',
  headers: headersOf('gogs', 'push'),
  sign: (body, secret) => ({ 'x-gogs-signature': hmac('sha256', body, secret) }),
  proof: { header: 'x-gogs-signature', empty: ['', 'sha256='] },
  ignored: { 'x-gogs-event': 'issues' },
  also: { ...pushes, ...createdEvents('x-gogs-event') },
} satisfies Example;

function closed(payload: Fields, merged: boolean): Fields {
  return { ...payload, action: 'closed', pull_request: { ...(payload.pull_request as Fields), merged } };
}

const form = { 'content-type': 'application/x-www-form-urlencoded' };

export const giteaFamily: Readonly<Record<string, Example>> = {
  gitea,
  'gitea, as a form': {
    ...gitea,
    headers: { ...gitea.headers, ...form },
    encode: asForm,
    signsJson: true,
    sign: (body, secret) => ({ 'x-gitea-signature': signCarried(body, secret) }),
  },
  forgejo: { ...gitea, headers: { ...gitea.headers, 'x-forgejo-event': 'push', 'x-forgejo-signature': '00' } },
  'gitea, pull request': {
    ...gitea,
    headers: headersOf('gitea', 'pull_request'),
    payload: request,
    optional: ['pull_request.merged', 'pull_request.head.repo'],
    changes: [requestChange],
    also: {
      'of a label': { payload: { ...request, action: 'label_updated' }, changes: [] },
      'of one that was merged': { payload: closed(request, true), changes: [{ ...requestChange, event: 'merged' }] },
      'of one that was closed': { payload: closed(request, false), changes: [{ ...requestChange, event: 'closed' }] },
    },
  },
  gogs,
  'gogs, as a form': {
    ...gogs,
    headers: { ...gogs.headers, ...form },
    encode: asForm,
    signsJson: true,
    sign: (body, secret) => ({ 'x-gogs-signature': signCarried(body, secret) }),
  },
  'gogs, pull request': {
    ...gogs,
    headers: headersOf('gogs', 'pull_request'),
    payload: gogsRequest,
    optional: ['pull_request.merged', 'pull_request.head_repo'],
    changes: [gogsChange],
    also: {
      'of a new one': { payload: { ...gogsRequest, action: 'opened' }, changes: [{ ...gogsChange, event: 'opened' }] },
    },
  },
};
