import * as z from 'zod/mini';
import { Failure } from '../domain/failure.ts';
import type { PullRequestChange } from '../domain/jobs/change.ts';
import type { WebhookSettings } from '../domain/settings/webhook-settings.ts';
import { FullRef, gitChanges } from './git-changes.ts';
import type { Guide } from './guide.ts';
import { deliveryIdIn, singleValue } from './headers.ts';
import { pullRequestChanges } from './pull-requests.ts';
import type { Headers, ReadBody, Reading, Sender, Trust, WebhookRequest } from './sender.ts';
import { hmacHex, isSigned } from './signature.ts';

/** Bitbucket Server and Data Center (facts/webhooks.md §1.5). Five errors in a row make it leave events out for up to ten hours. */
export const bitbucketServer: Sender = {
  proof: 'X-Hub-Signature',
  verify,
  deliveryId: (headers) => deliveryIdIn(headers, 'x-request-id'),
  event,
};

/** "Test connection" sends a ping that it does not sign; it asks for nothing. Flux v1's receiver took SHA-512 as well. */
function verify({ headers, body }: WebhookRequest, { secrets }: Trust): boolean {
  if (headers['x-hub-signature'] === undefined) return singleValue(headers, 'x-event-key') === 'diagnostics:ping';
  return isSigned(body, singleValue(headers, 'x-hub-signature'), secrets, ['sha256', 'sha512']);
}

function event(headers: Headers): ReadBody | undefined {
  const key = singleValue(headers, 'x-event-key') ?? '';
  if (key === 'repo:refs_changed') return readPush;
  const request = requestEvents.get(key);
  return request && ((body, webhook) => readRequest(body, webhook, request));
}

const Repository = z.object({
  slug: z.string(),
  project: z.object({ key: z.string() }),
  // Older servers give none.
  links: z.nullish(z.object({ clone: z.nullish(z.array(z.object({ href: z.string() }))) })),
});

function urlsOf({ slug, project, links }: z.infer<typeof Repository>, { server }: WebhookSettings): readonly string[] {
  if (links?.clone) return links.clone.map(({ href }) => href);
  if (server !== undefined) return [`${server.replace(/\/+$/, '')}/scm/${project.key}/${slug}.git`];
  throw new Failure('user', 'Cannot read the delivery: its repository has no clone addresses', {
    help: 'Set server of this webhook in sluice.yaml to the address of Bitbucket, such as https://bitbucket.acme.io',
  });
}

const Push = z.object({
  repository: Repository,
  changes: z.array(z.object({ ref: z.object({ id: FullRef }), fromHash: z.string(), toHash: z.string() })),
});

function readPush(body: unknown, webhook: WebhookSettings): Reading {
  const { repository, changes } = Push.parse(body);
  const urls = urlsOf(repository, webhook);
  return {
    changes: changes.flatMap(({ ref, fromHash, toHash }) =>
      gitChanges({ urls, ref: ref.id, before: fromHash, after: toHash }),
    ),
  };
}

const requestEvents: ReadonlyMap<string, PullRequestChange['event']> = new Map([
  ['pr:opened', 'opened'],
  ['pr:from_ref_updated', 'updated'],
  ['pr:merged', 'merged'],
  ['pr:declined', 'closed'],
  ['pr:deleted', 'closed'],
]);

const Ref = z.object({ id: FullRef, latestCommit: z.nullish(z.string()), repository: Repository });
const PullRequest = z.object({ pullRequest: z.object({ id: z.number(), fromRef: Ref, toRef: Ref }) });

function readRequest(body: unknown, webhook: WebhookSettings, happened: PullRequestChange['event']): Reading {
  const { id, fromRef, toRef } = PullRequest.parse(body).pullRequest;
  const changes = pullRequestChanges({
    event: happened,
    number: id,
    urls: urlsOf(toRef.repository, webhook),
    base: toRef.id,
    head: { urls: urlsOf(fromRef.repository, webhook), ref: fromRef.id, commit: fromRef.latestCommit },
  });
  return { changes };
}

export const bitbucketServerGuide: Guide = {
  product: 'Bitbucket Server, Bitbucket Data Center',
  brings: 'pushes',
  settings: '{ id: acme-bitbucket, sender: bitbucket-server, secret: { env: BITBUCKET_WEBHOOK_SECRET } }',
  where: 'Repository or project → Settings → Webhooks → Create webhook',
  fields: [
    ['URL', '$URL'],
    ['Secret', '$SECRET'],
  ],
  events: ['Repository: Push', 'Pull request: Opened, Source branch updated, Merged, Declined, Deleted'],
  proof: '`X-Hub-Signature`, HMAC-SHA256 over the raw body',
  notes: [
    'Versions whose events have no clone addresses need `server: https://bitbucket.acme.io` in sluice.yaml.',
    '"Test connection" is not signed and is answered 204.',
    'After five errors in a row Bitbucket leaves events out for a while: what cannot be read is answered 200, and the log says why.',
  ],
  sample({ secret, repository, branch, now }) {
    const body = JSON.stringify({
      repository: { slug: 'shop', project: { key: 'ACME' }, links: { clone: [{ href: repository }] } },
      changes: [{ ref: { id: `refs/heads/${branch}` }, fromHash: 'unknown', toHash: 'unknown' }],
    });
    const headers = {
      'content-type': 'application/json; charset=utf-8',
      'x-event-key': 'repo:refs_changed',
      'x-request-id': `sluice-${now}`,
      'x-hub-signature': `sha256=${hmacHex('sha256', secret, body)}`,
    };
    return { headers, body };
  },
};
