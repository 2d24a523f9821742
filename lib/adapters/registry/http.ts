import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** A longer body ends the request. */
  readonly maxBytes: number;
  /** Takes any certificate. */
  readonly insecure: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** Requests on kept connections. Errors are node's, with its codes; redirects are answers like others. */
export interface Http extends Disposable {
  send(request: HttpRequest): Promise<HttpAnswer>;
}

/** `timeoutMs`: for a whole exchange, from the first byte out to the last byte in. */
export function createHttp(timeoutMs: number): Http {
  const agents = {
    http: new HttpAgent({ keepAlive: true }),
    https: new HttpsAgent({ keepAlive: true }),
    insecure: new HttpsAgent({ keepAlive: true, rejectUnauthorized: false }),
  };
  return {
    async send({ method, url, headers, maxBytes, insecure, signal }) {
      const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
      const plain = url.protocol === 'http:';
      const call = (plain ? requestHttp : requestHttps)(url, {
        agent: plain ? agents.http : insecure ? agents.insecure : agents.https,
        method,
        // What is bounded is what arrives, not what it unpacks to.
        headers: { ...headers, 'accept-encoding': 'identity', 'user-agent': 'sluice' },
        ...(signal && { signal }),
      });
      let pending: { destroy(error: Error): unknown } = call;
      const timer = setTimeout(
        () => pending.destroy(withCode('ETIMEDOUT', `nothing within ${timeoutMs} ms`)),
        timeoutMs,
      );
      call.on('response', (response) => {
        pending = response;
        readAnswer(response, maxBytes).then(resolve, reject);
      });
      call.on('error', reject);
      call.end();
      try {
        return await promise;
      } finally {
        clearTimeout(timer);
      }
    },
    [Symbol.dispose]() {
      for (const agent of Object.values(agents)) agent.destroy();
    },
  };
}

async function readAnswer(response: IncomingMessage, maxBytes: number): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxBytes) throw withCode('ERR_ANSWER_TOO_LARGE', `an answer of more than ${maxBytes} bytes`);
    chunks.push(chunk as Buffer);
  }
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks, bytes) };
}

function withCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
