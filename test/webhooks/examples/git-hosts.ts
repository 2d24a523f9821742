import type { Headers } from '../../../lib/webhooks/sender.ts';
import { after, before, type Example, hmac, now, pushTo, zeros } from './example.ts';

const githubPush = pushTo('https://github.com/acme/shop.git', 'git@github.com:acme/shop.git');
const githubRepository = { clone_url: 'https://github.com/acme/shop.git', ssh_url: 'git@github.com:acme/shop.git' };
const githubPayload = {
  ref: 'refs/heads/main',
  before,
  after,
  repository: githubRepository,
  installation: { id: 4711 },
};
const { before: _before, ...created } = githubPush;

const github = {
  sender: 'github',
  secret: "It's a Secret to Everybody",
  otherSecret: 'topsecret',
  headers: {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': 'ee8d97b4-1479-43f1-9cac-fbbd1b80da55',
  },
  payload: githubPayload,
  optional: ['installation'],
  sign: (body, secret) => ({ 'x-hub-signature-256': `sha256=${hmac('sha256', body, secret)}` }),
  proof: { header: 'x-hub-signature-256', empty: ['', 'sha256='] },
  signsBody: true,
  changes: [{ ...githubPush, installation: '4711' }],
  deliveryId: 'ee8d97b4-1479-43f1-9cac-fbbd1b80da55',
  ignored: { 'x-github-event': 'ping' },
  also: {
    'of a deleted branch': { payload: { ...githubPayload, after: zeros, deleted: true }, changes: [] },
    'of a new branch': {
      payload: { ...githubPayload, before: zeros, created: true },
      changes: [{ ...created, installation: '4711' }],
    },
    'of a tag': {
      payload: { ...githubPayload, ref: 'refs/tags/v1' },
      changes: [{ ...githubPush, ref: 'refs/tags/v1', installation: '4711' }],
    },
    'without a GitHub App': { payload: { ...githubPayload, installation: undefined }, changes: [githubPush] },
  },
} as const satisfies Example;

const githubRequest = {
  action: 'synchronize',
  number: 7,
  pull_request: {
    merged: false,
    base: { ref: 'main', sha: before, repo: githubRepository },
    head: {
      ref: 'prices',
      sha: after,
      repo: { clone_url: 'https://github.com/fork/shop.git', ssh_url: 'git@github.com:fork/shop.git' },
    },
  },
  installation: { id: 4711 },
};

const requestChange = {
  kind: 'pull-request',
  urls: ['https://github.com/acme/shop.git', 'git@github.com:acme/shop.git'],
  number: 7,
  event: 'updated',
  base: 'refs/heads/main',
  head: {
    urls: ['https://github.com/fork/shop.git', 'git@github.com:fork/shop.git'],
    ref: 'refs/heads/prices',
    commit: after,
  },
  installation: '4711',
} as const;

const githubPullRequest = {
  ...github,
  headers: { ...github.headers, 'x-github-event': 'pull_request' },
  payload: githubRequest,
  optional: ['installation', 'pull_request.merged', 'pull_request.head.repo'],
  changes: [requestChange],
  also: {
    'of a label': { payload: { ...githubRequest, action: 'labeled' }, changes: [] },
    'of a new one': {
      payload: { ...githubRequest, action: 'opened' },
      changes: [{ ...requestChange, event: 'opened' }],
    },
    'of one that was opened again': {
      payload: { ...githubRequest, action: 'reopened' },
      changes: [{ ...requestChange, event: 'opened' }],
    },
    'of one that was refused': {
      payload: { ...githubRequest, action: 'closed' },
      changes: [{ ...requestChange, event: 'closed' }],
    },
    'of one that was merged': {
      payload: { ...githubRequest, action: 'closed', pull_request: { ...githubRequest.pull_request, merged: true } },
      changes: [{ ...requestChange, event: 'merged' }],
    },
    'whose fork is gone': {
      payload: {
        ...githubRequest,
        pull_request: { ...githubRequest.pull_request, head: { ...githubRequest.pull_request.head, repo: null } },
      },
      changes: [{ ...requestChange, head: { ...requestChange.head, urls: [] } }],
    },
  },
} as const satisfies Example;

const gitlabUrls = ['https://gitlab.example.com/acme/shop.git', 'git@gitlab.example.com:acme/shop.git'] as const;
const gitlabPush = pushTo(...gitlabUrls);
const gitlabProject = { git_http_url: gitlabUrls[0], git_ssh_url: gitlabUrls[1] };
const gitlabPayload = { ref: 'refs/heads/main', before, after, checkout_sha: after, project: gitlabProject };
const { before: _, ...gitlabCreated } = gitlabPush;

const gitlab = {
  sender: 'gitlab',
  secret: 'af82965fd1338596c801a04059c652d333044768',
  otherSecret: 'b3115a73309483251e585a802796550dff49bc9b',
  headers: {
    'content-type': 'application/json',
    'x-gitlab-event': 'Push Hook',
    'x-gitlab-event-uuid': '13792a34-cac6-4fda-95a8-c58e00a39542',
    'idempotency-key': 'f5e5f430-f57b-4e6e-9fac-d9128cd72322',
  },
  payload: gitlabPayload,
  optional: ['checkout_sha'],
  sign: (_body, secret) => ({ 'x-gitlab-token': secret }),
  proof: { header: 'x-gitlab-token', empty: [''] },
  signsBody: false,
  changes: [gitlabPush],
  deliveryId: 'f5e5f430-f57b-4e6e-9fac-d9128cd72322',
  ignored: { 'x-gitlab-event': 'Issue Hook' },
  also: {
    'of a deleted branch': { payload: { ...gitlabPayload, after: zeros, checkout_sha: null }, changes: [] },
    'of a new branch': { payload: { ...gitlabPayload, before: zeros }, changes: [gitlabCreated] },
    'of an annotated tag, whose own object is in after': {
      payload: { ...gitlabPayload, ref: 'refs/tags/v1', after: 'f'.repeat(40), checkout_sha: after },
      headers: { 'x-gitlab-event': 'Tag Push Hook' },
      changes: [{ ...gitlabPush, ref: 'refs/tags/v1' }],
    },
  },
} as const satisfies Example;

const mergeRequest = {
  object_attributes: {
    iid: 7,
    action: 'update',
    oldrev: before,
    source_branch: 'prices',
    target_branch: 'main',
    last_commit: { id: after },
    source: {
      git_http_url: 'https://gitlab.example.com/fork/shop.git',
      git_ssh_url: 'git@gitlab.example.com:fork/shop.git',
    },
    target: gitlabProject,
  },
};

function withAttributes(attributes: object) {
  return { object_attributes: { ...mergeRequest.object_attributes, ...attributes } };
}

const mergeChange = {
  kind: 'pull-request',
  urls: gitlabUrls,
  number: 7,
  event: 'updated',
  base: 'refs/heads/main',
  head: {
    urls: ['https://gitlab.example.com/fork/shop.git', 'git@gitlab.example.com:fork/shop.git'],
    ref: 'refs/heads/prices',
    commit: after,
  },
} as const;

const gitlabMergeRequest = {
  ...gitlab,
  headers: { ...gitlab.headers, 'x-gitlab-event': 'Merge Request Hook' },
  payload: mergeRequest,
  optional: ['object_attributes.last_commit', 'object_attributes.source'],
  deciding: ['object_attributes.action', 'object_attributes.oldrev'],
  changes: [mergeChange],
  also: {
    'of a new title': { payload: withAttributes({ oldrev: undefined }), changes: [] },
    'of an approval': { payload: withAttributes({ action: 'approved' }), changes: [] },
    'of a new one': {
      payload: withAttributes({ action: 'open', oldrev: undefined }),
      changes: [{ ...mergeChange, event: 'opened' }],
    },
    'of one that was merged': {
      payload: withAttributes({ action: 'merge' }),
      changes: [{ ...mergeChange, event: 'merged' }],
    },
    'of one that was closed': {
      payload: withAttributes({ action: 'close' }),
      changes: [{ ...mergeChange, event: 'closed' }],
    },
  },
} as const satisfies Example;

const gitlabUpdate = {
  event_name: 'repository_update',
  project: gitlabProject,
  changes: [{ ref: 'refs/heads/main', before, after }],
};

const gitlabSystem = {
  ...gitlab,
  headers: { ...gitlab.headers, 'x-gitlab-event': 'System Hook' },
  payload: gitlabUpdate,
  optional: [],
  deciding: ['event_name', 'changes'],
  changes: [gitlabPush],
  also: {
    'of several refs': {
      payload: {
        ...gitlabUpdate,
        changes: [
          ...gitlabUpdate.changes,
          { ref: 'refs/heads/next', before, after },
          { ref: 'refs/heads/old', before, after: zeros },
        ],
      },
      changes: [gitlabPush, { ...gitlabPush, ref: 'refs/heads/next' }],
    },
    'of a push': { payload: { ...gitlabPayload, event_name: 'push', object_kind: 'push' }, changes: [gitlabPush] },
    'of a push, from an old GitLab': { payload: { ...gitlabPayload, event_name: 'push' }, changes: [gitlabPush] },
    'of a tag': {
      payload: { ...gitlabPayload, ref: 'refs/tags/v1', event_name: 'tag_push' },
      changes: [{ ...gitlabPush, ref: 'refs/tags/v1' }],
    },
    'of a merge request': { payload: { ...mergeRequest, object_kind: 'merge_request' }, changes: [mergeChange] },
    'of a new user': { payload: { event_name: 'user_create', name: 'x' }, changes: [] },
  },
} as const satisfies Example;

const genericPayload = { url: 'https://git.example.com/acme/shop.git', ref: 'refs/heads/main' };
const genericChange = { kind: 'git', urls: [genericPayload.url], ref: 'refs/heads/main' } as const;

const generic = {
  sender: 'generic',
  secret: 'a secret of the CI',
  otherSecret: 'a secret of someone else',
  headers: { 'content-type': 'application/json' },
  payload: genericPayload,
  sign: (body, secret) => ({ 'x-signature': `sha256=${hmac('sha256', body, secret)}` }),
  proof: { header: 'x-signature', empty: ['', 'sha256='] },
  signsBody: true,
  changes: [genericChange],
  also: {
    'of a branch by its name': { payload: { ...genericPayload, ref: 'main' }, changes: [genericChange] },
    'of a tag': {
      payload: { ...genericPayload, ref: 'refs/tags/v1' },
      changes: [{ ...genericChange, ref: 'refs/tags/v1' }],
    },
  },
} as const satisfies Example;

export const gitHosts: Readonly<Record<string, Example>> = {
  github,
  'github, as a form': {
    ...github,
    headers: { ...github.headers, 'content-type': 'application/x-www-form-urlencoded' },
    encode: (json) => new URLSearchParams({ payload: json }).toString(),
  },
  'github, pull request': githubPullRequest,
  'gitlab, plain token': gitlab,
  'gitlab, signing token': {
    ...gitlab,
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    otherSecret: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
    sign: (body, secret) => signStandardWebhook(body, secret),
    proof: { header: 'webhook-signature', empty: ['', 'v1,', 'v1'] },
    signsBody: true,
  },
  'gitlab, merge request': gitlabMergeRequest,
  'gitlab, system hook': gitlabSystem,
  generic,
};

/** The headers of Standard Webhooks (standardwebhooks.com) by a token `whsec_<base64>`, sent at `time`. */
export function signStandardWebhook(body: Buffer, token: string, time = now): Headers {
  const id = gitlab.deliveryId;
  const timestamp = String(Math.floor(time / 1000));
  const key = Buffer.from(token.replace('whsec_', ''), 'base64');
  const signature = hmac('sha256', Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]), key, 'base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}
