import { after, before, type Example, pushTo, zeros } from './example.ts';

const urls = [
  'https://dev.azure.com/acme/Web%20Shop/_git/deploy',
  'https://dev.azure.com/acme/DefaultCollection/Web%20Shop/_git/deploy',
  'https://acme.visualstudio.com/Web%20Shop/_git/deploy',
  'https://acme.visualstudio.com/DefaultCollection/Web%20Shop/_git/deploy',
  'git@ssh.dev.azure.com:v3/acme/Web%20Shop/deploy',
  'acme@vs-ssh.visualstudio.com:v3/acme/Web%20Shop/deploy',
] as const;
const push = pushTo(...urls);
const { before: _, ...created } = push;
const repository = { remoteUrl: 'https://acme@dev.azure.com/acme/Web%20Shop/_git/deploy' };
const update = { name: 'refs/heads/main', oldObjectId: before, newObjectId: after };

function payloadOf(...refUpdates: readonly object[]) {
  return { id: '09b0b950-47fa-4f45-8b65-5a22686314f8', eventType: 'git.push', resource: { refUpdates, repository } };
}

const azure = {
  sender: 'azure-devops',
  secret: 'sluice:a long password',
  otherSecret: 'sluice:another password',
  headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'VSServices/16.170.30712.9' },
  payload: payloadOf(update),
  optional: ['id'],
  deciding: ['eventType', 'resource.refUpdates'],
  sign: (_body, secret) => ({ authorization: `Basic ${Buffer.from(secret).toString('base64')}` }),
  proof: { header: 'authorization', empty: ['', 'Basic', 'Basic ', `Basic ${Buffer.from(':').toString('base64')}`] },
  signsBody: false,
  changes: [push],
  deliveryId: '09b0b950-47fa-4f45-8b65-5a22686314f8',
  also: {
    'of another event': { payload: { eventType: 'workitem.created', resource: null }, changes: [] },
    'of a deleted branch': { payload: payloadOf({ ...update, newObjectId: zeros }), changes: [] },
    'of a new branch': { payload: payloadOf({ ...update, oldObjectId: zeros }), changes: [created] },
    'of several refs, a tag among them': {
      payload: payloadOf(update, { ...update, name: 'refs/tags/v1' }),
      changes: [push, { ...push, ref: 'refs/tags/v1' }],
    },
  },
} as const satisfies Example;

const request = {
  id: azure.deliveryId,
  eventType: 'git.pullrequest.updated',
  resource: {
    pullRequestId: 7,
    status: 'active',
    sourceRefName: 'refs/heads/prices',
    targetRefName: 'refs/heads/main',
    lastMergeSourceCommit: { commitId: after },
    repository,
  },
};
const requestChange = {
  kind: 'pull-request',
  urls,
  number: 7,
  event: 'updated',
  base: 'refs/heads/main',
  head: { urls, ref: 'refs/heads/prices', commit: after },
} as const;

function requestOf(eventType: string, status: string) {
  return { ...request, eventType, resource: { ...request.resource, status } };
}

export const azureDevops: Readonly<Record<string, Example>> = {
  'azure-devops, basic authentication': azure,
  'azure-devops, header': {
    ...azure,
    settings: { header: 'X-Sluice-Token' },
    sign: (_body, secret) => ({ 'x-sluice-token': secret }),
    proof: { header: 'x-sluice-token', empty: [''] },
  },
  'azure-devops, whole header': {
    ...azure,
    secret: 'Bearer a long token',
    otherSecret: 'Basic c2x1aWNlOmE=',
    sign: (_body, secret) => ({ authorization: secret }),
    proof: { header: 'authorization', empty: ['', 'Bearer', 'Bearer '] },
  },
  'azure-devops, pull request': {
    ...azure,
    payload: request,
    optional: ['id', 'resource.lastMergeSourceCommit'],
    deciding: ['eventType'],
    changes: [requestChange],
    also: {
      'that was opened': {
        payload: requestOf('git.pullrequest.created', 'active'),
        changes: [{ ...requestChange, event: 'opened' }],
      },
      'that was completed': {
        payload: requestOf('git.pullrequest.merged', 'completed'),
        changes: [{ ...requestChange, event: 'merged' }],
      },
      'whose merge was tried': { payload: requestOf('git.pullrequest.merged', 'active'), changes: [requestChange] },
      'that was abandoned': {
        payload: requestOf('git.pullrequest.updated', 'abandoned'),
        changes: [{ ...requestChange, event: 'closed' }],
      },
      'of a fork': {
        payload: {
          ...request,
          resource: {
            ...request.resource,
            forkSource: { repository: { remoteUrl: 'https://azure.acme.io/tfs/acme/_git/fork' } },
          },
        },
        changes: [
          { ...requestChange, head: { ...requestChange.head, urls: ['https://azure.acme.io/tfs/acme/_git/fork'] } },
        ],
      },
    },
  },
};
