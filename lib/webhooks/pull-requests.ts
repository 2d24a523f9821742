import * as z from 'zod/mini';
import type { PullRequestChange } from '../domain/jobs/change.ts';
import { isCommit } from './git-changes.ts';

/** What every forge says of a pull or merge request, under its own names. */
interface PullRequest {
  /** Undefined where the event changes neither its commits nor whether it is open. */
  readonly event: PullRequestChange['event'] | undefined;
  readonly number: number;
  readonly urls: readonly string[];
  /** Full names of the branches. */
  readonly base: string;
  readonly head: {
    readonly urls: readonly string[];
    readonly ref: string;
    readonly commit?: string | null | undefined;
  };
  readonly installation?: string | undefined;
}

export function pullRequestChanges(request: PullRequest): readonly PullRequestChange[] {
  const { event, number, urls, base, head, installation } = request;
  if (event === undefined) return [];
  const { urls: headUrls, ref, commit } = head;
  return [
    {
      kind: 'pull-request',
      urls,
      number,
      event,
      base,
      head: { urls: headUrls, ref, ...(isCommit(commit) && { commit }) },
      ...(installation !== undefined && { installation }),
    },
  ];
}

/** The addresses of a repository as GitHub, Gitea and Gogs give them. */
export const Repository = z.object({ clone_url: z.string(), ssh_url: z.string() });
export type Repository = z.infer<typeof Repository>;

export function urlsOf(repository: Repository | null | undefined): readonly string[] {
  return repository ? [repository.clone_url, repository.ssh_url] : [];
}

const branch = z.object({ ref: z.string(), sha: z.string() });

/** GitHub's event, which Gitea and Forgejo have taken over. */
export const PullRequestEvent = z.object({
  action: z.string(),
  number: z.number(),
  pull_request: z.object({
    merged: z.nullish(z.boolean()),
    base: z.extend(branch, { repo: Repository }),
    // Null once the fork was deleted.
    head: z.extend(branch, { repo: z.nullish(Repository) }),
  }),
});

export function readPullRequest(event: z.infer<typeof PullRequestEvent>, installation?: string) {
  const { base, head, merged } = event.pull_request;
  return pullRequestChanges({
    event: eventOf(event.action, merged),
    number: event.number,
    urls: urlsOf(base.repo),
    base: `refs/heads/${base.ref}`,
    head: { urls: urlsOf(head.repo), ref: `refs/heads/${head.ref}`, commit: head.sha },
    installation,
  });
}

/** The words of GitHub (`synchronize`) and of Gitea and Gogs (`synchronized`). */
export function eventOf(action: string, merged: boolean | null | undefined): PullRequest['event'] {
  if (action === 'opened' || action === 'reopened') return 'opened';
  if (action === 'synchronize' || action === 'synchronized') return 'updated';
  if (action === 'closed') return merged ? 'merged' : 'closed';
  return undefined;
}
