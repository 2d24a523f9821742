import * as z from 'zod/mini';
import type { PullRequestChange } from '../domain/jobs/change.ts';
import { gitChanges } from './git-changes.ts';
import type { Guide } from './guide.ts';
import { deliveryIdIn, singleValue } from './headers.ts';
import { pullRequestChanges } from './pull-requests.ts';
import type { Headers, ReadBody, Reading, Sender } from './sender.ts';
import { hmacHex, isSigned } from './signature.ts';

/**
 * Bitbucket Cloud (facts/webhooks.md §1.4). Its `X-Hub-Signature` is SHA-256, unlike GitHub's header of that name, and only there if the hook
 * has a secret; one without is as good as its id.
 */
export const bitbucket: Sender = {
  proof: 'X-Hub-Signature',
  verify: ({ headers, body }, { secrets, webhook }) =>
    webhook.secret.length === 0 || isSigned(body, singleValue(headers, 'x-hub-signature'), secrets, ['sha256']),
  deliveryId: (headers) => deliveryIdIn(headers, 'x-request-uuid'),
  event,
};

function event(headers: Headers): ReadBody | undefined {
  const key = singleValue(headers, 'x-event-key') ?? '';
  if (key === 'repo:push') return readPush;
  const request = requestEvents.get(key);
  return request && ((body) => readRequest(body, request));
}

const Repository = z.object({ full_name: z.string() });

/** No event has the addresses themselves. */
function urlsOf({ full_name }: z.infer<typeof Repository>): readonly string[] {
  return [`https://bitbucket.org/${full_name}.git`, `git@bitbucket.org:${full_name}.git`];
}

const Ref = z.object({ type: z.string(), name: z.string(), target: z.object({ hash: z.string() }) });

const Push = z.object({
  // `new` is null where a ref was deleted, `old` where one was created.
  push: z.object({ changes: z.array(z.object({ new: z.nullish(Ref), old: z.nullish(Ref) })) }),
  repository: Repository,
});

function readPush(body: unknown): Reading {
  const { push, repository } = Push.parse(body);
  const changes = push.changes.flatMap(({ new: made, old }) => {
    if (!made) return [];
    const ref = `refs/${made.type === 'branch' ? 'heads' : 'tags'}/${made.name}`;
    return gitChanges({ urls: urlsOf(repository), ref, before: old?.target.hash, after: made.target.hash });
  });
  return { changes };
}

const requestEvents: ReadonlyMap<string, PullRequestChange['event']> = new Map([
  ['pullrequest:created', 'opened'],
  ['pullrequest:updated', 'updated'],
  ['pullrequest:fulfilled', 'merged'],
  ['pullrequest:rejected', 'closed'],
]);

const branch = { branch: z.object({ name: z.string() }) };

const PullRequest = z.object({
  pullrequest: z.object({
    id: z.number(),
    destination: z.object({ ...branch, repository: Repository }),
    // The repository is null once the fork was deleted.
    source: z.object({
      ...branch,
      repository: z.nullish(Repository),
      commit: z.nullish(z.object({ hash: z.string() })),
    }),
  }),
});

function readRequest(body: unknown, happened: PullRequestChange['event']): Reading {
  const { id, destination, source } = PullRequest.parse(body).pullrequest;
  const changes = pullRequestChanges({
    event: happened,
    number: id,
    urls: urlsOf(destination.repository),
    base: `refs/heads/${destination.branch.name}`,
    head: {
      urls: source.repository ? urlsOf(source.repository) : [],
      ref: `refs/heads/${source.branch.name}`,
      commit: source.commit?.hash,
    },
  });
  return { changes };
}

export const bitbucketGuide: Guide = {
  product: 'Bitbucket Cloud',
  brings: 'pushes',
  settings: '{ id: acme-bitbucket, sender: bitbucket, secret: { env: BITBUCKET_WEBHOOK_SECRET } }',
  where: 'Repository → Repository settings → Webhooks → Add webhook',
  fields: [
    ['URL', '$URL'],
    ['Secret', '$SECRET'],
  ],
  events: ['Repository: Push', 'Pull request: Created, Updated, Merged, Declined'],
  proof: '`X-Hub-Signature`, HMAC-SHA256 over the raw body; without a secret by nothing but its id',
  notes: [
    'Without a secret Bitbucket signs nothing: then the id has to have 24 random characters, and nobody else may know it.',
    'Bitbucket sends nothing, and says nothing, when an event has more than 256 KB. The sweep of each target finds what was missed.',
  ],
  sample({ secret, repository, branch, now }) {
    const path = URL.parse(repository)?.pathname ?? '';
    const body = JSON.stringify({
      push: { changes: [{ new: { type: 'branch', name: branch, target: { hash: 'unknown' } }, old: null }] },
      repository: { full_name: path.replace(/^\/|\.git$/g, '') },
    });
    const headers = {
      'content-type': 'application/json',
      'x-event-key': 'repo:push',
      'x-request-uuid': `sluice-${now}`,
      ...(secret !== '' && { 'x-hub-signature': `sha256=${hmacHex('sha256', secret, body)}` }),
    };
    return { headers, body };
  },
};
