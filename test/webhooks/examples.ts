import { createHmac } from 'node:crypto';
import type { GitChange } from '../../lib/domain/jobs/change.ts';
import type { SenderName } from '../../lib/domain/settings/settings.ts';
import type { Delivery } from '../../lib/webhooks/read-delivery.ts';
import type { Headers } from '../../lib/webhooks/sender.ts';

/** 2026-08-01T12:00:00Z, when every example is sent and read. */
export const now = Date.UTC(2026, 7, 1, 12);
export const before = '95790bf891e76fee5e1747ab589903a6a1f80f22';
export const after = 'da1560886d4f094c3e6c9ef40349f7d38b5d27d7';
export const zeros = '0'.repeat(40);

/** A delivery of one sender in one of its forms: what the contract suite needs to know to send any variation of it. */
export interface Example {
  readonly sender: SenderName;
  readonly secret: string;
  readonly otherSecret: string;
  /** All headers but those that prove who sent it. */
  readonly headers: Headers;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Fields of `payload` that a delivery may lack. */
  readonly optional?: readonly string[];
  /** The body that carries a JSON text; that text itself if absent. */
  readonly encode?: (json: string) => string;
  readonly sign: (body: Buffer, secret: string) => Headers;
  /** The header of `sign` that proves it, and what of that header is left when the proof itself is empty. */
  readonly proof: { readonly header: string; readonly empty: readonly string[] };
  /** A plain token says nothing about the body. */
  readonly signsBody: boolean;
  readonly change: GitChange;
  readonly deliveryId?: string;
  /** Headers of an event that is ignored. */
  readonly ignored?: Headers;
  /** Fields of `payload` that say that the ref was deleted. */
  readonly deletion?: Readonly<Record<string, unknown>>;
}

const githubPayload = {
  ref: 'refs/heads/main',
  before,
  after,
  repository: { clone_url: 'https://github.com/acme/shop.git', ssh_url: 'git@github.com:acme/shop.git' },
};

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
  sign: (body, secret) => ({ 'x-hub-signature-256': `sha256=${hmac(body, secret, 'hex')}` }),
  proof: { header: 'x-hub-signature-256', empty: ['', 'sha256='] },
  signsBody: true,
  change: {
    kind: 'git',
    urls: ['https://github.com/acme/shop.git', 'git@github.com:acme/shop.git'],
    ref: 'refs/heads/main',
    before,
    after,
  },
  deliveryId: 'ee8d97b4-1479-43f1-9cac-fbbd1b80da55',
  ignored: { 'x-github-event': 'ping' },
  deletion: { after: zeros, deleted: true },
} as const satisfies Example;

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
  payload: {
    ref: 'refs/heads/main',
    before,
    after,
    checkout_sha: after,
    project: {
      git_http_url: 'https://gitlab.example.com/acme/shop.git',
      git_ssh_url: 'git@gitlab.example.com:acme/shop.git',
    },
  },
  optional: ['checkout_sha'],
  sign: (_body, secret) => ({ 'x-gitlab-token': secret }),
  proof: { header: 'x-gitlab-token', empty: [''] },
  signsBody: false,
  change: {
    kind: 'git',
    urls: ['https://gitlab.example.com/acme/shop.git', 'git@gitlab.example.com:acme/shop.git'],
    ref: 'refs/heads/main',
    before,
    after,
  },
  deliveryId: 'f5e5f430-f57b-4e6e-9fac-d9128cd72322',
  ignored: { 'x-gitlab-event': 'Merge Request Hook' },
  deletion: { after: zeros, checkout_sha: null },
} as const satisfies Example;

const generic = {
  sender: 'generic',
  secret: 'a secret of the CI',
  otherSecret: 'a secret of someone else',
  headers: { 'content-type': 'application/json' },
  payload: { url: 'https://git.example.com/acme/shop.git', ref: 'refs/heads/main' },
  sign: (body, secret) => ({ 'x-signature': `sha256=${hmac(body, secret, 'hex')}` }),
  proof: { header: 'x-signature', empty: ['', 'sha256='] },
  signsBody: true,
  change: { kind: 'git', urls: ['https://git.example.com/acme/shop.git'], ref: 'refs/heads/main' },
} as const satisfies Example;

/** At least one for every entry of the table of senders. */
export const examples: Readonly<Record<string, Example>> = {
  github,
  'github, as a form': {
    ...github,
    headers: { ...github.headers, 'content-type': 'application/x-www-form-urlencoded' },
    encode: (json) => new URLSearchParams({ payload: json }).toString(),
  },
  'gitlab, plain token': gitlab,
  'gitlab, signing token': {
    ...gitlab,
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    otherSecret: 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD',
    sign: (body, secret) => signStandardWebhook(body, secret),
    proof: { header: 'webhook-signature', empty: ['', 'v1,', 'v1'] },
    signsBody: true,
  },
  generic,
};

/** What reading `example` as it stands gives. */
export function accepted({ change, deliveryId }: Example): Delivery {
  return { changes: [change], ...(deliveryId !== undefined && { deliveryId }) };
}

/** The headers of Standard Webhooks (standardwebhooks.com) by a token `whsec_<base64>`, sent at `time`. */
export function signStandardWebhook(body: Buffer, token: string, time = now): Headers {
  const id = gitlab.deliveryId;
  const timestamp = String(Math.floor(time / 1000));
  const key = Buffer.from(token.replace('whsec_', ''), 'base64');
  const signature = hmac(Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]), key, 'base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}

function hmac(body: Buffer, secret: string | Buffer, encoding: 'hex' | 'base64'): string {
  return createHmac('sha256', secret).update(body).digest(encoding);
}
