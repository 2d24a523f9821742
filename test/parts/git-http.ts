import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Certificate } from '../fakes/certificate.ts';
import { testEnvironment } from './run.ts';

export interface GitHttpOptions {
  /** The folder whose bare repositories are served: `<root>/shop.git` at `<url>/shop.git`. */
  readonly root: string;
  /** With a password, every request needs basic authentication. */
  readonly user?: string;
  readonly password?: string;
  /** With a certificate it is HTTPS. */
  readonly certificate?: Certificate;
}

/** What goes wrong with every answer while it is set: an HTTP status, a connection that is reset, or no answer at all. */
export type GitHttpFault = 401 | 403 | 404 | 409 | 429 | 500 | 502 | 503 | 'reset' | 'hang';

export interface GitHttp extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, or `https://…` */
  readonly url: string;
  fault: GitHttpFault | undefined;
  /** Bytes per second of each answer; undefined = as fast as it goes. */
  bytesPerSecond: number | undefined;
  /** Takes what is pushed, and ends the connection instead of an answer. */
  cutsPushes: boolean;
  /** 0 hides the protocol version of the client: an old server, which gives only what it advertises. */
  protocol: 0 | 2;
  /** Every request so far: `GET /shop.git/info/refs?service=git-upload-pack`. */
  readonly requests: string[];
  /** Serves the refs that are there now for so many seconds, whatever is pushed meanwhile: the replica of a forge that lags behind. */
  freeze(seconds: number): Promise<void>;
}

/** `git http-backend` (git's own smart HTTP server) behind a small bridge on loopback. */
export async function startGitHttp(options: GitHttpOptions): Promise<GitHttp> {
  const snapshots = await mkdtemp(join(tmpdir(), 'git-http-'));
  let frozen: { readonly root: string; readonly until: number } | undefined;
  const authorization =
    options.password === undefined
      ? undefined
      : `Basic ${Buffer.from(`${options.user ?? 'x-access-token'}:${options.password}`).toString('base64')}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    bridge.requests.push(`${request.method} ${request.url}`);
    if (bridge.fault === 'hang') return;
    if (bridge.fault === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    if (bridge.fault !== undefined) {
      response.writeHead(bridge.fault).end('not now');
      return;
    }
    if (authorization !== undefined && request.headers.authorization !== authorization) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end();
      return;
    }
    const root = frozen !== undefined && Date.now() < frozen.until ? frozen.root : options.root;
    await serve(root, request, response, bridge);
  }

  function listener(request: IncomingMessage, response: ServerResponse): void {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  }
  const { certificate } = options;
  const server = certificate
    ? createTlsServer({ cert: certificate.certificate, key: certificate.key }, listener)
    : createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  const bridge: GitHttp = {
    url: `${certificate ? 'https' : 'http'}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fault: undefined,
    bytesPerSecond: undefined,
    cutsPushes: false,
    protocol: 2,
    requests: [],
    async freeze(seconds) {
      const root = await mkdtemp(join(snapshots, 'snapshot-'));
      await copyRefs(options.root, root);
      frozen = { root, until: Date.now() + seconds * 1000 };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await rm(snapshots, { recursive: true, force: true });
    },
  };
  return bridge;
}

/** The refs of all repositories as they are now, at once, however much has been pushed; their objects are those that are there. */
async function copyRefs(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    const [live, copy] = [join(from, name), join(to, name)];
    await mkdir(join(copy, 'objects/info'), { recursive: true });
    await writeFile(join(copy, 'objects/info/alternates'), `${join(live, 'objects')}\n`);
    for (const part of ['HEAD', 'config', 'packed-refs', 'refs']) await copyIfThere(join(live, part), join(copy, part));
  }
}

async function copyIfThere(from: string, to: string): Promise<void> {
  try {
    await cp(from, to, { recursive: true, filter: (path) => !path.endsWith('.lock') });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** One request as CGI (RFC 3875): the environment in, a header block and a body out. */
async function serve(
  root: string,
  request: IncomingMessage,
  response: ServerResponse,
  knobs: Pick<GitHttp, 'bytesPerSecond' | 'cutsPushes' | 'protocol'>,
): Promise<void> {
  const address = new URL(request.url ?? '/', 'http://localhost');
  const protocol = knobs.protocol === 0 ? undefined : request.headers['git-protocol'];
  const backend = spawn('git', ['-c', 'safe.directory=*', 'http-backend'], {
    env: {
      ...testEnvironment,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      PATH_INFO: decodeURIComponent(address.pathname),
      QUERY_STRING: address.search.slice(1),
      REQUEST_METHOD: request.method ?? 'GET',
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      REMOTE_USER: 'test',
      REMOTE_ADDR: '127.0.0.1',
      ...(typeof protocol === 'string' ? { GIT_PROTOCOL: protocol } : {}),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  backend.on('error', () => response.destroy());
  backend.stdin.on('error', () => undefined);
  request.pipe(backend.stdin);
  response.on('close', () => backend.kill());

  if (knobs.cutsPushes && request.method === 'POST' && address.pathname.endsWith('/git-receive-pack')) {
    // Its output is read to the end, which comes after the branch was moved.
    await backend.stdout.toArray();
    request.socket.resetAndDestroy();
    return;
  }
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of backend.stdout as AsyncIterable<Buffer>) {
    let body = chunk;
    if (head !== undefined) {
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) continue;
      writeHead(response, head.subarray(0, end).toString('latin1'));
      body = head.subarray(end + 4);
      head = undefined;
    }
    await write(response, body, knobs.bytesPerSecond);
  }
  response.end();
}

function writeHead(response: ServerResponse, block: string): void {
  let status = 200;
  for (const line of block.split('\r\n')) {
    const colon = line.indexOf(':');
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).trim()];
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.writeHead(status);
}

async function write(response: ServerResponse, body: Buffer, bytesPerSecond: number | undefined): Promise<void> {
  const step = bytesPerSecond === undefined ? body.length : Math.max(1, Math.floor(bytesPerSecond / 10));
  for (let at = 0; at < body.length && !response.destroyed; at += step) {
    if (!response.write(body.subarray(at, at + step))) await drained(response);
    if (bytesPerSecond !== undefined) await sleep((1000 * step) / bytesPerSecond);
  }
}

async function drained(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    function go(): void {
      response.off('drain', go).off('close', go);
      resolve();
    }
    response.on('drain', go).on('close', go);
  });
}
