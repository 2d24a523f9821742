import * as z from 'zod/mini';
import type { Change } from '../domain/jobs/change.ts';
import { gitChanges } from './git-changes.ts';

/** The envelope of EventBridge, the fields that are used (facts/webhooks.md §1). */
const CodeCommitEvent = z.object({
  source: z.literal('aws.codecommit'),
  region: z.string().check(z.regex(/^[a-z0-9-]+$/)),
  detail: z.object({
    event: z.enum(['referenceCreated', 'referenceUpdated']),
    repositoryName: z.string().check(z.minLength(1)),
    referenceFullName: z.string().check(z.startsWith('refs/')),
    commitId: z.string(),
    oldCommitId: z.optional(z.string()),
  }),
});

/** What an event of AWS itself says has changed; nothing for an event that is none of ours. IAM vouches for it: it is not signed. */
export function readEvent(event: unknown): readonly Change[] {
  const parsed = CodeCommitEvent.safeParse(event);
  if (!parsed.success) return [];
  const { region, detail } = parsed.data;
  const host = `git-codecommit.${region}.amazonaws.com/v1/repos/${detail.repositoryName}`;
  return gitChanges({
    urls: [`https://${host}`, `ssh://${host}`],
    ref: detail.referenceFullName,
    before: detail.oldCommitId,
    after: detail.commitId,
  });
}
