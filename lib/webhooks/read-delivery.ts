import type { Change } from '../domain/jobs/change.ts';
import type { SenderName } from '../domain/settings/settings.ts';
import type { Sender, WebhookRequest } from './sender.ts';
import { senders } from './senders.ts';
import { decodeUtf8 } from './utf8.ts';

/** 8 MiB (DESIGN §5.2): no more is read of a body, and nothing of a larger one. */
export const maxBodyBytes = 8 * 1024 * 1024;

/** What a delivery says, or the answer that ends it. */
export type Delivery = Accepted | Answer;

export interface Accepted {
  /** At least one; which targets they concern is the caller's to find. */
  readonly changes: readonly Change[];
  /** The same when the sender sends it again; absent = not deduplicated (DESIGN §3). */
  readonly deliveryId?: string;
}

/** An HTTP status of DESIGN §5.2, and one line for people that repeats nothing of what came. */
export interface Answer {
  readonly status: 204 | 400 | 401 | 405 | 413 | 422;
  readonly message: string;
  /** What to do about it, where the message does not say. */
  readonly help?: string;
}

/**
 * Verifies a request to `POST /webhooks/{id}` and reads it. Nothing of a body is parsed before one of `secrets` (several while rotating)
 * vouched for its bytes; without a secret nobody can. `now` is in epoch milliseconds. Never throws for what came from outside.
 */
export async function readDelivery(
  name: SenderName,
  secrets: readonly string[],
  request: WebhookRequest,
  now: number,
): Promise<Delivery> {
  const sender: Sender = senders[name];
  if (request.method !== 'POST') return { status: 405, message: 'Cannot take the delivery: its method is not POST' };
  if (request.body.length > maxBodyBytes) return { status: 413, message: 'Cannot take the delivery: it is over 8 MiB' };

  const usable = secrets.filter((secret) => secret !== '');
  if (usable.length === 0 || !(await sender.verify(request, usable, now))) {
    const message = `Cannot verify the delivery: no configured secret made its ${sender.proof}`;
    return { status: 401, message, help: 'Give the sender the very secret that webhooks of sluice.yaml name' };
  }

  const payload = sender.payload(request.headers);
  if (payload === undefined) return { status: 204, message: 'Nothing to do: the event is none that moves a ref' };

  const text = decodeUtf8(request.body);
  const json = parseJson(text !== undefined && sender.json ? sender.json(text, request.headers) : text);
  if (json === undefined) return { status: 400, message: 'Cannot read the delivery: its body is not JSON in UTF-8' };

  const parsed = payload.safeParse(json);
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.join('.') || 'its body';
    return { status: 422, message: `Cannot read the delivery: ${where} is missing or not what ${name} sends` };
  }
  if (parsed.data.length === 0) return { status: 204, message: 'Nothing to do: the ref was deleted' };
  const deliveryId = sender.deliveryId(request.headers);
  return { changes: parsed.data, ...(deliveryId !== undefined && { deliveryId }) };
}

function parseJson(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
