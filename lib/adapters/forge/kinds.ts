import * as z from 'zod/mini';
import type { ForgeRequest } from './http.ts';

/** A request that is open, as far as it matters. */
export interface OpenRequest {
  /** By which its forge's API names it. */
  readonly number: number;
  readonly url: string;
  readonly title: string;
  readonly body: string;
}

/** The repository, and the branches of the request. */
export interface Place {
  /** `https://host[:port]`. */
  readonly server: string;
  /** The path of the repository at its server: `acme/shop-deploy`; without `.git`. */
  readonly path: string;
  readonly token: string;
  /** The branch to be merged, and the one to merge it into. */
  readonly head: string;
  readonly base: string;
}

export interface Texts {
  readonly title: string;
  readonly body: string;
}

/** One forge's API: what is asked, and how its answers are read. */
export interface ForgeKind {
  /** A page of the requests that are open; from 1. */
  list(place: Place, page: number): ForgeRequest;
  /** How many a page may hold: with fewer there is no next one. */
  readonly pageSize: number;
  /** The request for these two branches among those of a page. Undefined if there is none; throws what zod throws for another shape. */
  find(place: Place, body: unknown): { readonly found: OpenRequest | undefined; readonly count: number };
  open(place: Place, texts: Texts): ForgeRequest;
  update(place: Place, number: number, texts: Texts): ForgeRequest;
  /** What `open` and `update` answer. */
  read(body: unknown): OpenRequest;
  /** Whether `open` was refused because there is one already. */
  isThere(status: number, reason: string): boolean;
}

const PullRequest = z.object({
  number: z.number(),
  html_url: z.string(),
  title: z.string(),
  body: z.nullish(z.string()),
  head: z.object({ ref: z.string() }),
  base: z.object({ ref: z.string() }),
});

function readPullRequest(body: unknown): OpenRequest {
  return openRequest(PullRequest.parse(body));
}

function openRequest({ number, html_url, title, body }: z.infer<typeof PullRequest>): OpenRequest {
  return { number, url: html_url, title, body: body ?? '' };
}

function findPullRequest({ head, base }: Place, body: unknown) {
  const all = z.array(PullRequest).parse(body);
  const found = all.find((one) => one.head.ref === head && one.base.ref === base);
  return { found: found && openRequest(found), count: all.length };
}

/** docs.github.com, "REST API endpoints for pull requests"; GitHub Enterprise Server has it below `/api/v3`. */
const github: ForgeKind = {
  pageSize: 100,
  list: (place, page) => {
    const [owner] = place.path.split('/');
    const query = new URLSearchParams({ state: 'open', head: `${owner}:${place.head}`, base: place.base });
    return githubRequest(place, 'GET', `?${query}&per_page=100&page=${page}`);
  },
  find: findPullRequest,
  open: (place, texts) => githubRequest(place, 'POST', '', { ...texts, head: place.head, base: place.base }),
  update: (place, number, texts) => githubRequest(place, 'PATCH', `/${number}`, texts),
  read: readPullRequest,
  isThere: (status, reason) => status === 422 && reason.includes('already exists'),
};

function githubRequest({ server, path, token }: Place, method: ForgeRequest['method'], rest: string, body?: unknown) {
  const api = server === 'https://github.com' ? 'https://api.github.com' : `${server}/api/v3`;
  const headers = {
    authorization: `Bearer ${token}`,
    accept: 'application/vnd.github+json',
    'x-github-api-version': '2022-11-28',
  };
  return { method, url: `${api}/repos/${encodePath(path)}/pulls${rest}`, headers, body };
}

const MergeRequest = z.object({
  iid: z.number(),
  web_url: z.string(),
  title: z.string(),
  description: z.nullish(z.string()),
});

function openMergeRequest({ iid, web_url, title, description }: z.infer<typeof MergeRequest>): OpenRequest {
  return { number: iid, url: web_url, title, body: description ?? '' };
}

/** docs.gitlab.com, "Merge requests API"; a project is named by its whole path, groups and all, as one segment. */
const gitlab: ForgeKind = {
  pageSize: 100,
  list: (place, page) => {
    const query = new URLSearchParams({ state: 'opened', source_branch: place.head, target_branch: place.base });
    return gitlabRequest(place, 'GET', `?${query}&per_page=100&page=${page}`);
  },
  find: (_place, body) => {
    const [first, ...others] = z.array(MergeRequest).parse(body);
    return { found: first && openMergeRequest(first), count: first === undefined ? 0 : 1 + others.length };
  },
  open: ({ head, base, ...place }, { title, body }) =>
    gitlabRequest(place, 'POST', '', { source_branch: head, target_branch: base, title, description: body }),
  update: (place, number, { title, body }) => gitlabRequest(place, 'PUT', `/${number}`, { title, description: body }),
  read: (body) => openMergeRequest(MergeRequest.parse(body)),
  isThere: (status) => status === 409,
};

function gitlabRequest(
  { server, path, token }: Omit<Place, 'head' | 'base'>,
  method: ForgeRequest['method'],
  rest: string,
  body?: unknown,
) {
  const url = `${server}/api/v4/projects/${encodeURIComponent(path)}/merge_requests${rest}`;
  return { method, url, headers: { authorization: `Bearer ${token}` }, body };
}

/** docs.gitea.com and codeberg.org/api/swagger; Forgejo has the same. It filters by neither branch. */
const gitea: ForgeKind = {
  pageSize: 50,
  list: (place, page) => giteaRequest(place, 'GET', `?state=open&limit=50&page=${page}`),
  find: findPullRequest,
  open: (place, texts) => giteaRequest(place, 'POST', '', { ...texts, head: place.head, base: place.base }),
  update: (place, number, texts) => giteaRequest(place, 'PATCH', `/${number}`, texts),
  read: readPullRequest,
  isThere: (status) => status === 409,
};

function giteaRequest({ server, path, token }: Place, method: ForgeRequest['method'], rest: string, body?: unknown) {
  const url = `${server}/api/v1/repos/${encodePath(path)}/pulls${rest}`;
  return { method, url, headers: { authorization: `token ${token}` }, body };
}

function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

export const kinds = { github, gitlab, gitea } as const satisfies Readonly<Record<string, ForgeKind>>;
export type KindName = keyof typeof kinds;
