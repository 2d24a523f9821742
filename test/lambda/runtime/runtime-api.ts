import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What Lambda's Runtime API is to one process (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). */
export interface RuntimeApi extends AsyncDisposable {
  /** `127.0.0.1:<port>`, the value of AWS_LAMBDA_RUNTIME_API. */
  readonly address: string;
  /** Resolves when the process asks for its first event; rejects if it reports that it cannot start. */
  readonly ready: Promise<void>;
  /** Hands an event over, which must be done by `deadline` in epoch milliseconds. Rejects with what the function throws. */
  invoke(event: unknown, deadline: number): Promise<unknown>;
}

interface Invocation {
  readonly id: string;
  readonly event: string;
  readonly deadline: number;
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export async function startRuntimeApi(functionName: string): Promise<RuntimeApi> {
  const { promise: ready, resolve: becomeReady, reject: failToStart } = Promise.withResolvers<void>();
  ready.catch(() => undefined);
  const waiting: Invocation[] = [];
  const underWay = new Map<string, Invocation>();
  let asking: ServerResponse | undefined;

  function handOver(): void {
    const invocation = asking === undefined ? undefined : waiting.shift();
    if (asking === undefined || invocation === undefined) return;
    underWay.set(invocation.id, invocation);
    asking.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': invocation.id,
      'lambda-runtime-deadline-ms': String(invocation.deadline),
      'lambda-runtime-invoked-function-arn': `arn:aws:lambda:eu-central-1:123456789012:function:${functionName}`,
      'lambda-runtime-trace-id': 'Root=1-5e1b4151-5ac6c58f5b6dac36f5c8a1c0;Sampled=0',
    });
    asking.end(invocation.event);
    asking = undefined;
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray()).toString();
    const [, id = '', what = ''] = /\/runtime\/(?:invocation\/)?([^/]+)(?:\/(\w+))?$/.exec(request.url ?? '') ?? [];
    if (id === 'next') {
      asking = response;
      becomeReady();
      handOver();
      return;
    }
    if (id === 'init') failToStart(new Error(`The function cannot start: ${body}`));
    const invocation = underWay.get(id);
    underWay.delete(id);
    if (what === 'response') invocation?.resolve(body === '' ? undefined : JSON.parse(body));
    else invocation?.reject(new Error(JSON.parse(body).errorMessage));
    response.writeHead(202).end('{}');
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.requestTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    ready,
    invoke(event, deadline) {
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      waiting.push({ id: randomUUID(), event: JSON.stringify(event), deadline, resolve, reject });
      handOver();
      return promise;
    },
    async [Symbol.asyncDispose]() {
      failToStart(new Error('The process ended before it asked for an event'));
      for (const { reject } of [...waiting, ...underWay.values()]) reject(new Error('The process ended'));
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
