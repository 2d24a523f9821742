import * as z from 'zod/mini';
import { azureAddresses } from './azure-addresses.ts';
import { FullRef, gitChanges } from './git-changes.ts';
import type { Guide } from './guide.ts';
import { pullRequestChanges } from './pull-requests.ts';
import type { Reading, Sender, Trust, WebhookRequest } from './sender.ts';
import { isSecretHeader } from './signature.ts';

/**
 * Azure DevOps (facts/webhooks.md §1.7), which signs nothing: basic authentication with the secret as `user:password`, or a header that is the
 * secret: the one that the webhook names, or `Authorization` where the secret has a scheme of its own (`Basic …`, `Bearer …`). Errors put a
 * subscription on probation and then end it.
 */
export const azureDevops: Sender = {
  proof: 'Authorization (or the header that the webhook names)',
  verify,
  event: () => read,
  help: 'Set "Resource details to send" of the subscription to All',
};

function verify({ headers }: WebhookRequest, { secrets, webhook }: Trust): boolean {
  if (webhook.header !== undefined) return isSecretHeader(headers, webhook.header.toLowerCase(), secrets);
  const expected = secrets.map((secret) => (hasScheme(secret) ? secret : basic(secret)));
  return isSecretHeader(headers, 'authorization', expected);
}

function hasScheme(secret: string): boolean {
  return /^(basic|bearer) /i.test(secret);
}

function basic(userAndPassword: string): string {
  return `Basic ${Buffer.from(userAndPassword).toString('base64')}`;
}

const Named = z.object({ eventType: z.string() });

const events: ReadonlyMap<string, (body: unknown) => Reading> = new Map([
  ['git.push', readPush],
  ['git.pullrequest.created', readRequest],
  ['git.pullrequest.updated', readRequest],
  ['git.pullrequest.merged', readRequest],
]);

function read(body: unknown): Reading {
  const { eventType } = Named.parse(body);
  return events.get(eventType)?.(body) ?? { changes: [] };
}

const Repository = z.object({ remoteUrl: z.string() });
const id = z.nullish(z.string());

const Push = z.object({
  id,
  resource: z.object({
    refUpdates: z.array(z.object({ name: FullRef, oldObjectId: z.string(), newObjectId: z.string() })),
    repository: Repository,
  }),
});

function readPush(body: unknown): Reading {
  const { id, resource } = Push.parse(body);
  const urls = azureAddresses(resource.repository.remoteUrl);
  const changes = resource.refUpdates.flatMap(({ name, oldObjectId, newObjectId }) =>
    gitChanges({ urls, ref: name, before: oldObjectId, after: newObjectId }),
  );
  return { changes, id: id ?? undefined };
}

const PullRequest = z.object({
  id,
  eventType: z.string(),
  resource: z.object({
    pullRequestId: z.number(),
    status: z.string(),
    sourceRefName: FullRef,
    targetRefName: FullRef,
    lastMergeSourceCommit: z.nullish(z.object({ commitId: z.string() })),
    repository: Repository,
    forkSource: z.nullish(z.object({ repository: z.nullish(Repository) })),
  }),
});

function readRequest(body: unknown): Reading {
  const { id, eventType, resource } = PullRequest.parse(body);
  const urls = azureAddresses(resource.repository.remoteUrl);
  const fork = resource.forkSource?.repository;
  const changes = pullRequestChanges({
    event: happened(eventType, resource.status),
    number: resource.pullRequestId,
    urls,
    base: resource.targetRefName,
    head: {
      urls: fork ? azureAddresses(fork.remoteUrl) : urls,
      ref: resource.sourceRefName,
      commit: resource.lastMergeSourceCommit?.commitId,
    },
  });
  return { changes, id: id ?? undefined };
}

/** `git.pullrequest.merged` tells of an attempt; whether it is merged the status says. */
function happened(eventType: string, status: string) {
  if (status === 'completed') return 'merged';
  if (status === 'abandoned') return 'closed';
  return eventType === 'git.pullrequest.created' ? 'opened' : 'updated';
}

export const azureDevopsGuide: Guide = {
  product: 'Azure DevOps Services, Azure DevOps Server',
  brings: 'pushes',
  settings:
    '{ id: acme-azure, sender: azure-devops, secret: { env: AZURE_WEBHOOK_PASSWORD } } # the secret is user:password',
  where: 'Project → Project settings → Service hooks → Create subscription → Web Hooks',
  fields: [
    ['URL', '$URL'],
    ['Basic authentication username, password', 'the two parts of $SECRET, which is user:password'],
    ['HTTP headers', 'instead, with `header: X-Sluice-Token` in sluice.yaml: X-Sluice-Token: $SECRET'],
    ['Resource details to send', 'All'],
  ],
  events: ['Code pushed', 'Pull request created', 'Pull request updated', 'Pull request merge attempted'],
  proof: '`Authorization`, with user and password, or by the header that `header` names, the secret as it stands',
  notes: [
    'Each event is a subscription of its own, all with the same URL.',
    'Azure DevOps signs nothing: use https, which it asks for with basic authentication anyway.',
    'Errors put a subscription on probation and then end it: what cannot be read is answered 200, and the log says why.',
  ],
  sample({ webhook, secret, repository, branch, now }) {
    const body = JSON.stringify({
      id: `sluice-${now}`,
      eventType: 'git.push',
      resource: {
        refUpdates: [{ name: `refs/heads/${branch}`, oldObjectId: 'unknown', newObjectId: 'unknown' }],
        repository: { remoteUrl: repository },
      },
    });
    const authorization = hasScheme(secret) ? secret : basic(secret);
    const proof = webhook.header ? { [webhook.header]: secret } : { authorization };
    return { headers: { 'content-type': 'application/json; charset=utf-8', ...proof }, body };
  },
};
