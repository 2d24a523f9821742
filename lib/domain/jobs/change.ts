/** What a webhook becomes. No payload passes this point. */
export type Change = GitChange | PullRequestChange | ImageChange;

/** A ref of a repository was created or may have moved (never: was deleted). A hint: the worker resolves the head itself. */
export interface GitChange {
  readonly kind: 'git';
  /** Clone addresses of the repository in the payload (https and ssh); compared with `sameRepository`, never cloned. */
  readonly urls: readonly string[];
  /** Full name: `refs/heads/main`, `refs/tags/v1`. */
  readonly ref: string;
  /** Commit before and after as the sender gives them; absent where unknown or all zeros. */
  readonly before?: string;
  readonly after?: string;
  /** Of a GitHub App: the installation that the delivery came through, which can act on the repository. */
  readonly installation?: string;
}

/** A pull or merge request was opened, has new commits, or is over. */
export interface PullRequestChange {
  readonly kind: 'pull-request';
  /** Clone addresses of the repository that it is to be merged into. */
  readonly urls: readonly string[];
  readonly number: number;
  /** `opened` also when it was closed before; `updated` only for what changes the commits. */
  readonly event: 'opened' | 'updated' | 'merged' | 'closed';
  /** Full name of the branch that it is to be merged into. */
  readonly base: string;
  readonly head: PullRequestHead;
  /** As of a push. */
  readonly installation?: string;
}

export interface PullRequestHead {
  /** Clone addresses of the repository with the commits: a fork, or that of `urls`; none if the fork is gone. */
  readonly urls: readonly string[];
  /** Full name of the branch with the commits. */
  readonly ref: string;
  /** Its newest commit; absent where the sender only gives an abbreviation. */
  readonly commit?: string;
}

/** A tag of an image was pushed. A hint: the registry is asked before anything is done. */
export interface ImageChange {
  readonly kind: 'image';
  /** Canonical: `docker.io/library/nginx` (image-name.ts). */
  readonly image: string;
  /** Absent only where a `generic` sender does not know it. */
  readonly tag?: string;
  readonly digest?: string;
}
