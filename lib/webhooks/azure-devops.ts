import * as z from 'zod/mini';
import { azureAddresses } from './azure-addresses.ts';
import { FullRef, gitChanges } from './git-changes.ts';
import { singleValue } from './headers.ts';
import { pullRequestChanges } from './pull-requests.ts';
import type { Reading, Sender, Trust, WebhookRequest } from './sender.ts';
import { isSecretHeader, sameText } from './signature.ts';

/**
 * Azure DevOps (facts/webhooks.md §1.7), which signs nothing: basic authentication with the secret as `user:password`, or a header that is the
 * secret. Errors put a subscription on probation and then end it.
 */
export const azureDevops: Sender = {
  proof: 'Authorization (or the header that the webhook names)',
  verify,
  event: () => read,
  help: 'Set "Resource details to send" of the subscription to All',
};

function verify({ headers }: WebhookRequest, { secrets, webhook }: Trust): boolean {
  if (webhook.header !== undefined) return isSecretHeader(headers, webhook.header.toLowerCase(), secrets);
  const [, given = ''] = /^basic +([\w+/]+=*)$/i.exec(singleValue(headers, 'authorization') ?? '') ?? [];
  return secrets.some((secret) => sameText(given, Buffer.from(secret).toString('base64')));
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
