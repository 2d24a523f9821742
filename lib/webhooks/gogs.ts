import * as z from 'zod/mini';
import { jsonOfForm } from './form.ts';
import { isJsonSigned, readCreate, readPush, sampleOf } from './gitea.ts';
import type { Guide } from './guide.ts';
import { deliveryIdIn, singleValue } from './headers.ts';
import { eventOf, pullRequestChanges, Repository, urlsOf } from './pull-requests.ts';
import type { ReadBody, Reading, Sender } from './sender.ts';

/** Gogs (facts/webhooks.md §1.6), which Gitea came from: the same events under other headers, but for pull requests. */
export const gogs: Sender = {
  proof: 'X-Gogs-Signature',
  verify: (request, { secrets }) => isJsonSigned(request, 'x-gogs-signature', secrets),
  deliveryId: (headers) => deliveryIdIn(headers, 'x-gogs-delivery'),
  event: (headers) => events.get(singleValue(headers, 'x-gogs-event') ?? ''),
  json: jsonOfForm,
};

const events: ReadonlyMap<string, ReadBody> = new Map([
  ['push', readPush],
  ['create', readCreate],
  ['pull_request', readRequest],
]);

const PullRequest = z.object({
  action: z.string(),
  number: z.number(),
  pull_request: z.object({
    merged: z.nullish(z.boolean()),
    base_branch: z.string(),
    base_repo: Repository,
    head_branch: z.string(),
    head_repo: z.nullish(Repository),
  }),
});

function readRequest(body: unknown): Reading {
  const { action, number, pull_request: request } = PullRequest.parse(body);
  const changes = pullRequestChanges({
    event: eventOf(action, request.merged),
    number,
    urls: urlsOf(request.base_repo),
    base: `refs/heads/${request.base_branch}`,
    head: { urls: urlsOf(request.head_repo), ref: `refs/heads/${request.head_branch}` },
  });
  return { changes };
}

export const gogsGuide: Guide = {
  product: 'Gogs',
  brings: 'pushes',
  settings: '{ id: acme-gogs, sender: gogs, secret: { env: GOGS_WEBHOOK_SECRET } }',
  where: 'Repository or organisation → Settings → Webhooks → Add a new webhook → Gogs',
  fields: [
    ['Payload URL', '$URL'],
    ['Content Type', 'application/json; a form is read as well'],
    ['Secret', '$SECRET'],
  ],
  events: ['Push', 'Pull Request'],
  proof: '`X-Gogs-Signature`, HMAC-SHA256 over the JSON',
  notes: ['The webhook is of sender `gogs`, not `github`, although Gogs sends headers of both.'],
  sample: (facts) => sampleOf('gogs', facts),
};
