import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: any field of any kind.
  readonly body: any;
}

/** A request to the API server, with JSON both ways; `type` is that of the body. */
export interface Ask {
  (method: string, path: string, body?: unknown, type?: string): Promise<Answer>;
  close(): void;
}

/** As the first user of the kubeconfig at `path`, by its token. */
export async function createAsk(path: string): Promise<Ask> {
  const { clusters, users } = parse(await readFile(path, 'utf8'));
  const { server, 'certificate-authority-data': authority } = clusters[0].cluster;
  const agent = new Agent({ ca: Buffer.from(authority, 'base64'), keepAlive: false, maxSockets: 8 });
  const authorization = `Bearer ${users[0].user.token}`;

  async function ask(method: string, target: string, body?: unknown, type = 'application/json'): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const headers = { authorization, 'content-type': type };
    const sent = request(new URL(target, server), { method, agent, headers, timeout: 10_000 }, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: json(answer) }), reject);
    });
    sent.on('error', reject);
    sent.on('timeout', () => sent.destroy(new Error('no answer within 10 s')));
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    return promise;
  }
  return Object.assign(ask, { close: () => agent.destroy() });
}

function json(answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    return answer;
  }
}
