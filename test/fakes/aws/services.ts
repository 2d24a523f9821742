import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request to AWS, as its signature and headers tell it. */
export interface AwsCallSeen {
  /** The service that the signature is for: `sqs`, `dynamodb`, `s3`, … */
  readonly service: string;
  /** The action of a JSON or a query protocol; empty for REST. */
  readonly action: string;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface AwsReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** `undefined` closes the connection without an answer. */
export type AwsAnswers = (call: AwsCallSeen) => AwsReply | undefined | Promise<AwsReply | undefined>;

export interface AwsServices extends AsyncDisposable {
  readonly endpoint: string;
  readonly calls: AwsCallSeen[];
  /** Ends every connection. */
  cut(): void;
}

/** A server on a free port of loopback that is every service of AWS, as far as `answers` go. */
export async function startAwsServices(answers: AwsAnswers): Promise<AwsServices> {
  const calls: AwsCallSeen[] = [];

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = read(request, Buffer.concat(await request.toArray()).toString());
    calls.push(call);
    const reply = await answers(call);
    if (reply === undefined) response.destroy();
    else response.writeHead(reply.status ?? 200, reply.headers).end(reply.body);
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    cut: () => server.closeAllConnections(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function read(request: IncomingMessage, body: string): AwsCallSeen {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const [, service = ''] = /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
  const target =
    String(request.headers['x-amz-target'] ?? '')
      .split('.')
      .at(-1) ?? '';
  const action = target || (url.searchParams.get('Action') ?? new URLSearchParams(body).get('Action') ?? '');
  return {
    service,
    action,
    method: request.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body,
  };
}
