import * as z from 'zod/mini';
import { jsonOfForm } from './form.ts';
import { FullRef, gitChanges } from './git-changes.ts';
import type { Guide, Sample, SampleFacts } from './guide.ts';
import { deliveryIdIn, singleValue } from './headers.ts';
import { PullRequestEvent, Repository, readPullRequest, urlsOf } from './pull-requests.ts';
import type { ReadBody, Reading, Sender, WebhookRequest } from './sender.ts';
import { hmacHex, isSignedBare } from './signature.ts';
import { decodeUtf8 } from './utf8.ts';

/**
 * Gitea and Forgejo (facts/webhooks.md §1.6). They repeat everything in headers of GitHub's and Gogs', which are not looked at: their
 * `X-Hub-Signature-256` is not over what GitHub's is.
 */
export const gitea: Sender = {
  proof: 'X-Gitea-Signature',
  verify: (request, { secrets }) => isJsonSigned(request, 'x-gitea-signature', secrets),
  deliveryId: (headers) => deliveryIdIn(headers, 'x-gitea-delivery'),
  event: (headers) => events.get(singleValue(headers, 'x-gitea-event') ?? ''),
  json: jsonOfForm,
};

/** HMAC-SHA256 without its name, over the JSON, also where a form carries it. Without a secret the header is there and empty. */
export function isJsonSigned({ headers, body }: WebhookRequest, name: string, secrets: readonly string[]): boolean {
  const text = decodeUtf8(body);
  if (text === undefined) return isSignedBare(body, singleValue(headers, name), secrets, 'sha256');
  return isSignedBare(Buffer.from(jsonOfForm(text, headers)), singleValue(headers, name), secrets, 'sha256');
}

const Push = z.object({
  ref: FullRef,
  before: z.string(),
  after: z.string(),
  repository: Repository,
});

export function readPush(body: unknown): Reading {
  const { ref, before, after, repository } = Push.parse(body);
  return { changes: gitChanges({ urls: urlsOf(repository), ref, before, after }) };
}

const Create = z.object({
  // Without `refs/heads/` or `refs/tags/`.
  ref: z.string(),
  ref_type: z.string(),
  sha: z.nullish(z.string()),
  repository: Repository,
});

/** A push says it as well; who ticks only this event shall have it too. */
export function readCreate(body: unknown): Reading {
  const { ref, ref_type, sha, repository } = Create.parse(body);
  const fullName = `refs/${ref_type === 'tag' ? 'tags' : 'heads'}/${ref}`;
  return { changes: gitChanges({ urls: urlsOf(repository), ref: fullName, after: sha }) };
}

const events: ReadonlyMap<string, ReadBody> = new Map([
  ['push', readPush],
  ['create', readCreate],
  ['pull_request', (body) => ({ changes: readPullRequest(PullRequestEvent.parse(body)) })],
]);

export const giteaGuide: Guide = {
  product: 'Gitea, Forgejo',
  brings: 'pushes',
  settings: '{ id: acme-gitea, sender: gitea, secret: { env: GITEA_WEBHOOK_SECRET } }',
  where: 'Repository, organisation or site administration → Settings → Webhooks → Add Webhook → Gitea (Forgejo)',
  fields: [
    ['Target URL', '$URL'],
    ['HTTP Method', 'POST'],
    ['POST Content Type', 'application/json; a form is read as well'],
    ['Secret', '$SECRET'],
  ],
  events: ['Push', 'Pull Request, Pull Request Synchronized'],
  proof: '`X-Gitea-Signature`, HMAC-SHA256 over the JSON, also where a form carries it',
  notes: [
    'The webhook is of sender `gitea`, not `github`, although Gitea sends headers of both.',
    'Gitea only calls hosts of `webhook.ALLOWED_HOST_LIST` in its app.ini.',
    'Gitea waits for five seconds and does not repeat a delivery that failed; "Recent Deliveries" replays it.',
  ],
  sample: (facts) => sampleOf('gitea', facts),
};

/** A push as Gitea and Gogs send it. */
export function sampleOf(product: 'gitea' | 'gogs', { secret, repository, branch, now }: SampleFacts): Sample {
  const body = JSON.stringify({
    ref: `refs/heads/${branch}`,
    before: 'unknown',
    after: 'unknown',
    repository: { clone_url: repository, ssh_url: repository },
  });
  const headers = {
    'content-type': 'application/json',
    [`x-${product}-event`]: 'push',
    [`x-${product}-delivery`]: `sluice-${now}`,
    [`x-${product}-signature`]: hmacHex('sha256', secret, body),
  };
  return { headers, body };
}
