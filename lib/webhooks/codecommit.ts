import * as z from 'zod/mini';
import { domainOf, type EventSource, type Place } from './event-source.ts';
import { FullRef, gitChanges } from './git-changes.ts';

/** AWS CodeCommit (facts/webhooks.md §1.8). */
export const codecommit: EventSource = { detailType: 'CodeCommit Repository State Change', read };

const Detail = z.object({
  event: z.string(),
  repositoryName: z.string(),
  referenceFullName: FullRef,
  commitId: z.nullish(z.string()),
  oldCommitId: z.nullish(z.string()),
});

const moves: ReadonlySet<string> = new Set(['referenceCreated', 'referenceUpdated']);

function read(detail: unknown, { region }: Place) {
  const { event, repositoryName, referenceFullName, commitId, oldCommitId } = Detail.parse(detail);
  if (!moves.has(event)) return [];
  // An event has no address, and CodeCommit one for each protocol.
  const address = `git-codecommit.${region}.${domainOf(region)}/v1/repos/${repositoryName}`;
  return gitChanges({
    urls: [`https://${address}`, `ssh://${address}`],
    ref: referenceFullName,
    before: oldCommitId,
    after: commitId,
  });
}
