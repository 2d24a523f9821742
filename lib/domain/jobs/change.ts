/** What a webhook becomes. No payload passes this point. */
export type Change = GitChange | ImageChange;

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
}

/** A tag of an image was pushed. */
export interface ImageChange {
  readonly kind: 'image';
  /** Canonical: `docker.io/library/nginx`. */
  readonly image: string;
  readonly tag?: string;
  readonly digest?: string;
}
