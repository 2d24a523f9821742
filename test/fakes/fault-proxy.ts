import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { type Certificate, createCertificate } from './certificate.ts';

/** What goes wrong with a request. `answer` and `before` keep it from the server; after the others the server has done it. */
export type Fault =
  | { readonly answer: number; readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> }
  /** The connection is cut instead of an answer. */
  | { readonly reset: 'before' | 'after' }
  /** The connection is cut after so many bytes of the answer's body. */
  | { readonly truncate: number }
  | { readonly bytesPerSecond: number }
  | { readonly delayMs: number };

export interface FaultRule {
  readonly method?: string;
  /** Matched against path and query. */
  readonly path?: RegExp;
  /** How many requests it is for; default all. */
  readonly times?: number;
  readonly fault: Fault;
}

export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

/** A TLS proxy in front of a real API server, with its faults. */
export interface FaultProxy extends AsyncDisposable {
  readonly url: string;
  /** Path of a kubeconfig that leads through the proxy, as the same user. */
  readonly kubeconfig: string;
  /** Every request that came, in order. */
  readonly requests: SeenRequest[];
  /** How many connections were opened. */
  readonly connections: number;
  /** How many requests of this method came for paths like this. */
  count(method: string, path?: RegExp): number;
  /** Adds a rule; of those that match, the oldest that is not used up decides. */
  fail(rule: FaultRule): void;
  /** Forgets rules, requests and connections. */
  clear(): void;
}

interface LiveRule extends FaultRule {
  left: number;
}

/** `certificate` is what the proxy shows; by default one of its own that the kubeconfig trusts. */
export async function startFaultProxy(
  kubeconfig: string,
  certificate: Certificate = createCertificate({ name: 'fault-proxy', addresses: ['127.0.0.1'] }),
): Promise<FaultProxy> {
  const config = parse(await readFile(kubeconfig, 'utf8'));
  const { cluster } = config.clusters[0];
  const { user } = config.users[0];
  const upstream = cluster.server as string;
  // The client certificate ends at the proxy, so that the proxy shows it; a token passes through.
  const agent = new Agent({
    keepAlive: true,
    ca: decode(cluster['certificate-authority-data']),
    cert: decode(user['client-certificate-data']),
    key: decode(user['client-key-data']),
  });
  const requests: SeenRequest[] = [];
  let rules: LiveRule[] = [];
  let connections = 0;

  function take(method: string, path: string): Fault | undefined {
    const rule = rules.find(
      (candidate) =>
        candidate.left > 0 &&
        (candidate.method ?? method) === method &&
        (candidate.path === undefined || candidate.path.test(path)),
    );
    if (rule === undefined) return undefined;
    rule.left -= 1;
    return rule.fault;
  }

  async function handle(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', url: path = '', headers } = incoming;
    requests.push({ method, path, headers });
    const body = await buffer(incoming);
    const fault: Fault = take(method, path) ?? { delayMs: 0 };
    if ('reset' in fault && fault.reset === 'before') return void incoming.socket.destroy();
    if ('answer' in fault) {
      const answer = typeof fault.body === 'string' ? fault.body : JSON.stringify(fault.body ?? {});
      outgoing.writeHead(fault.answer, { 'content-type': 'application/json', ...fault.headers }).end(answer);
      return;
    }
    if ('delayMs' in fault) await sleep(fault.delayMs);
    const { host: _host, ...sent } = headers;
    const forwarded = request(new URL(path, upstream), { method, agent, headers: sent });
    forwarded.end(body);
    const [response] = (await once(forwarded, 'response')) as [IncomingMessage];
    const answer = await buffer(response);
    if ('reset' in fault) return void incoming.socket.destroy();
    const { 'transfer-encoding': _, connection: __, ...kept } = response.headers;
    outgoing.writeHead(response.statusCode ?? 0, { ...kept, 'content-length': answer.length });
    if ('truncate' in fault) {
      outgoing.write(answer.subarray(0, fault.truncate), () => incoming.socket.destroy());
    } else if ('bytesPerSecond' in fault) {
      await trickle(answer, outgoing, fault.bytesPerSecond);
    } else outgoing.end(answer);
  }

  const server = createServer({ cert: certificate.certificate, key: certificate.key }, (incoming, outgoing) => {
    handle(incoming, outgoing).catch(() => incoming.socket.destroy());
  });
  server.on('secureConnection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const directory = await mkdtemp(join(tmpdir(), 'sluice-fault-proxy-'));
  const path = join(directory, 'kubeconfig');
  const through = {
    ...config,
    clusters: [
      {
        name: config.clusters[0].name,
        cluster: { server: url, 'certificate-authority-data': Buffer.from(certificate.certificate).toString('base64') },
      },
    ],
    users: [{ name: config.users[0].name, user: user.token === undefined ? {} : { token: user.token } }],
  };
  await writeFile(path, JSON.stringify(through), { mode: 0o600 });
  return {
    url,
    kubeconfig: path,
    requests,
    get connections() {
      return connections;
    },
    count: (method, pattern) =>
      requests.filter((seen) => seen.method === method && (pattern?.test(seen.path) ?? true)).length,
    fail(rule) {
      rules.push({ ...rule, left: rule.times ?? Number.POSITIVE_INFINITY });
    },
    clear() {
      rules = [];
      requests.length = 0;
      connections = 0;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      agent.destroy();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function trickle(answer: Buffer, outgoing: ServerResponse, bytesPerSecond: number): Promise<void> {
  const step = Math.max(1, Math.floor(bytesPerSecond / 20));
  for (let at = 0; at < answer.length && !outgoing.destroyed; at += step) {
    outgoing.write(answer.subarray(at, at + step));
    await sleep((1000 * step) / bytesPerSecond);
  }
  outgoing.end();
}

function decode(data: string | undefined): Buffer | undefined {
  return data === undefined ? undefined : Buffer.from(data, 'base64');
}
