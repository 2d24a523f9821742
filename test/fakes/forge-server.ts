import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ForgeFault {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface OpenedRequest {
  readonly head: string;
  readonly base: string;
  title: string;
  body: string;
  state: 'open' | 'closed';
}

export interface ForgeServer extends AsyncDisposable {
  readonly url: string;
  /** `GET /api/v4/…`, as they came. */
  readonly requests: string[];
  /** What was opened; the number of each is its place, from 1. */
  readonly opened: OpenedRequest[];
  /** Answers so instead, to what matches `when`. */
  fault: ForgeFault | 'hang' | undefined;
  when: RegExp;
  /** Called when a request is to be opened, before it is. */
  beforeOpening: () => void;
}

/** One API, as its documentation has it: where things are, what they are called, and what is answered. */
interface Api {
  readonly authorization: string;
  readonly meta: string;
  readonly metaBody: object;
  readonly requests: string;
  readonly updates: 'PATCH' | 'PUT';
  readonly updated: number;
  matches(query: URLSearchParams, one: OpenedRequest): boolean;
  pageSize(query: URLSearchParams): number;
  read(body: Readonly<Record<string, string>>): Partial<OpenedRequest>;
  show(number: number, one: OpenedRequest): object;
  readonly conflict: { readonly status: number; readonly body: object };
}

function showPullRequest(number: number, { head, base, title, body }: OpenedRequest): object {
  const url = `https://forge.example/acme/shop/pulls/${number}`;
  return {
    id: 9000 + number,
    number,
    html_url: url,
    title,
    body: body || null,
    head: { ref: head },
    base: { ref: base },
  };
}

const apis: Readonly<Record<'github' | 'gitlab' | 'gitea', Api>> = {
  github: {
    authorization: 'Bearer t0ken',
    meta: '/api/v3/meta',
    metaBody: { verifiable_password_authentication: true, installed_version: '3.14.0' },
    requests: '/api/v3/repos/acme/shop/pulls',
    updates: 'PATCH',
    updated: 200,
    matches: (query, { head, base }) => query.get('head') === `acme:${head}` && query.get('base') === base,
    pageSize: (query) => Number(query.get('per_page') ?? 30),
    read: (body) => body,
    show: showPullRequest,
    conflict: {
      status: 422,
      body: {
        message: 'Validation Failed',
        errors: [
          { resource: 'PullRequest', code: 'custom', message: 'A pull request already exists for acme:sluice.' },
        ],
      },
    },
  },
  gitlab: {
    authorization: 'Bearer t0ken',
    meta: '/api/v4/version',
    metaBody: { version: '17.6.0', revision: 'abc' },
    requests: '/api/v4/projects/acme%2Fteam%2Fshop/merge_requests',
    updates: 'PUT',
    updated: 200,
    matches: (query, { head, base }) => query.get('source_branch') === head && query.get('target_branch') === base,
    pageSize: (query) => Number(query.get('per_page') ?? 20),
    read: ({ source_branch: head, target_branch: base, title, description: body }) => ({
      ...(head !== undefined && { head }),
      ...(base !== undefined && { base }),
      ...(title !== undefined && { title }),
      ...(body !== undefined && { body }),
    }),
    show: (number, { title, body }) => ({
      id: 9000 + number,
      iid: number,
      web_url: `https://forge.example/acme/shop/-/merge_requests/${number}`,
      title,
      description: body || null,
    }),
    conflict: {
      status: 409,
      body: { message: ['Another open merge request already exists for this source branch: !1'] },
    },
  },
  gitea: {
    authorization: 'token t0ken',
    meta: '/api/v1/version',
    metaBody: { version: '1.22.0' },
    requests: '/api/v1/repos/acme/shop/pulls',
    updates: 'PATCH',
    updated: 201,
    matches: () => true,
    pageSize: (query) => Math.min(50, Number(query.get('limit') ?? 30)),
    read: (body) => body,
    show: showPullRequest,
    conflict: { status: 409, body: { message: 'pull request already exists for these targets [id: 1]', url: 'x' } },
  },
};

export type ForgeName = keyof typeof apis;

/** An API of a forge on loopback, which takes the token `t0ken`. */
export async function startForge(name: ForgeName): Promise<ForgeServer> {
  const api = apis[name];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const line = `${request.method} ${request.url}`;
    forge.requests.push(line);
    const url = new URL(request.url ?? '/', 'http://x');
    function send(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(typeof body === 'string' ? body : JSON.stringify(body));
    }
    const { fault } = forge;
    if (fault !== undefined && forge.when.test(line)) {
      if (fault !== 'hang') send(fault.status, fault.body ?? '{}', fault.headers);
      return;
    }
    if (url.pathname === api.meta) return send(200, api.metaBody);
    if (request.headers.authorization !== api.authorization) return send(401, { message: '401 Unauthorized' });
    const number = Number(url.pathname.slice(api.requests.length + 1));
    if (!url.pathname.startsWith(api.requests)) return send(404, { message: '404 Project Not Found' });
    if (request.method === 'GET') return send(200, list(url.searchParams));
    const body = api.read(JSON.parse(Buffer.concat(await request.toArray()).toString()));
    if (request.method === 'POST') return send(...open(body));
    const one = forge.opened[number - 1];
    if (request.method !== api.updates || one === undefined) return send(404, { message: 'Not Found' });
    Object.assign(one, body);
    send(api.updated, api.show(number, one));
  }

  function list(query: URLSearchParams): readonly object[] {
    const found = forge.opened
      .map((one, index) => ({ one, number: index + 1 }))
      .filter(({ one }) => one.state === 'open' && api.matches(query, one));
    const size = api.pageSize(query);
    const from = (Number(query.get('page') ?? 1) - 1) * size;
    return found.slice(from, from + size).map(({ one, number }) => api.show(number, one));
  }

  function open(body: Partial<OpenedRequest>): readonly [status: number, body: object] {
    forge.beforeOpening();
    const { head = '', base = '', title = '', body: text = '' } = body;
    const isThere = forge.opened.some((one) => one.state === 'open' && one.head === head && one.base === base);
    if (isThere) return [api.conflict.status, api.conflict.body];
    const one: OpenedRequest = { head, base, title, body: text, state: 'open' };
    return [201, api.show(forge.opened.push(one), one)];
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const forge: ForgeServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    opened: [],
    fault: undefined,
    when: /./,
    beforeOpening: () => undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return forge;
}
