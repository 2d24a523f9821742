import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, encodeAnswer } from '../answer.ts';

const drainMilliseconds = 5000;

/** Sends an answer, also to a request whose body was not read. The connection is closed after the `last` one. */
export async function sendAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  last: boolean,
): Promise<void> {
  if (response.destroyed) return;
  const { body, headers } = encodeAnswer(answer);
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = request.headers;
  const unread = !request.complete && (length !== '0' || encoding !== undefined);
  response.writeHead(answer.status, {
    ...(answer.status !== 204 && { 'content-length': Buffer.byteLength(body) }),
    ...((last || unread) && { connection: 'close' }),
    ...headers,
  });
  if (unread) {
    // Closing on a sender that still sends resets the connection, and the answer is lost with it.
    response.write(body);
    await drained(request);
  }
  response.end(unread ? undefined : body);
}

async function drained(request: IncomingMessage): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, drainMilliseconds);
  for (const event of ['end', 'error', 'close']) request.once(event, () => resolve());
  request.resume();
  await promise;
  clearTimeout(timer);
}
