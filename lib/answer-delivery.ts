import { createHash, timingSafeEqual } from 'node:crypto';
import { type Answer, logError, refuse, refuseBusy, refuseMethod } from './answer.ts';
import type { Log } from './log.ts';

/** A delivery to `POST /webhooks/{id}`; its bytes are what the signature is over. */
export interface DeliveryRequest {
  readonly id: string;
  readonly method: string;
  /** Names in lower case; repeated headers joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface DeliveryAnswer {
  readonly status: number;
  readonly message: string;
  /** What to do about a refusal. */
  readonly help?: string;
  /** Of a 202: the ids of the runs. */
  readonly runs?: readonly string[];
}

/** The bytes of a request, or why they were not kept. */
export type Body = { readonly bytes: Buffer } | { readonly refused: 'too large' | 'busy' | 'aborted' };

/** A delivery whose body is read once it is known to whom it goes. */
export interface IncomingDelivery extends Omit<DeliveryRequest, 'body'> {
  readBody(): Promise<Body>;
}

/** What stands behind `/webhooks`. */
export interface DeliveryHandlers {
  /** What the log calls each configured webhook, by its id, which may be a secret: other ids are 404. */
  readonly webhookNames: ReadonlyMap<string, string>;
  /** The status of DESIGN §5.2 and a line for people. What it throws is logged and answered 503, so that the sender tries again. */
  receive(delivery: DeliveryRequest): Promise<DeliveryAnswer>;
}

/** Answers requests to `/webhooks/{id}` (DESIGN §5.2), whoever brings them. Never throws; no header, body or id is logged. */
export function createDeliveryAnswers(
  handlers: DeliveryHandlers,
  log: Log,
): (incoming: IncomingDelivery) => Promise<Answer> {
  const { webhookNames } = handlers;
  const knownIds = [...webhookNames.keys()].map(digestOf);

  return async (incoming) => {
    const { id, method, headers } = incoming;
    if (!isKnown(id, knownIds)) return refuse(404, 'missing', 'Cannot answer: there is nothing at this path');
    if (method !== 'POST') return refuseMethod('POST');
    const own = log.child({ webhook: webhookNames.get(id) });
    const body = await incoming.readBody();
    if ('refused' in body) {
      if (body.refused === 'busy') return refuseBusy('Cannot take the delivery: too many at once');
      if (body.refused === 'aborted') return refuse(400, 'user', 'Cannot take the delivery: its body ended early');
      return refuse(413, 'user', 'Cannot take the delivery: its body is over 8 MiB');
    }
    try {
      const { status, message, help, runs } = await handlers.receive({ id, method, headers, body: body.bytes });
      if (status === 503) return refuseBusy(message);
      if (status >= 400 || status === 200) {
        // The sender keeps the answer to itself, and 200 is a refusal that it must not take for one; who runs the server has to see that a hook does not work.
        own.warn('A delivery was refused', { status, error: message });
        return refuse(status, status === 404 ? 'missing' : 'user', message, { help });
      }
      return status === 204 ? { status } : { status, body: { message, runs } };
    } catch (error) {
      // Whatever it is (the queue, a secret of ours that cannot be read), the sender has not done it and need not know it.
      logError('A delivery could not be queued', error, own);
      return refuseBusy('Cannot queue the delivery');
    }
  };
}

/** Compares with every id, by digests of one length: the time tells nothing of an id. */
function isKnown(id: string, known: readonly Buffer[]): boolean {
  const given = digestOf(id);
  let match = false;
  for (const candidate of known) {
    if (timingSafeEqual(given, candidate)) match = true;
  }
  return match;
}

function digestOf(id: string): Buffer {
  return createHash('sha256').update(id).digest();
}
