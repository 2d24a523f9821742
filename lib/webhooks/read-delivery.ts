import { $ZodError } from 'zod/v4/core';
import { Failure } from '../domain/failure.ts';
import type { Change } from '../domain/jobs/change.ts';
import type { WebhookSettings } from '../domain/settings/webhook-settings.ts';
import { isDeliveryId } from './headers.ts';
import { parseJson } from './json.ts';
import type { Sender, Trust, WebhookRequest } from './sender.ts';
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

/** An HTTP status of DESIGN §5.2, and one line for people that repeats nothing of what came. 200 is a refusal that the sender must not see as one. */
export interface Answer {
  readonly status: 200 | 204 | 400 | 401 | 405 | 413 | 422;
  readonly message: string;
  /** What to do about it, where the message does not say. */
  readonly help?: string;
}

/**
 * Verifies a request to `POST /webhooks/{id}` and reads it. Nothing of a body is parsed before its sender is known: by its bytes and one of
 * the secrets (several while rotating), by a token, or because nobody else knows the id. Never throws for what came from outside;
 * rejects if the key of a token cannot be asked for.
 */
export async function readDelivery(request: WebhookRequest, trust: Trust): Promise<Delivery> {
  const sender: Sender = senders[trust.webhook.sender];
  if (request.method !== 'POST') return { status: 405, message: 'Cannot take the delivery: its method is not POST' };
  if (request.body.length > maxBodyBytes) return { status: 413, message: 'Cannot take the delivery: it is over 8 MiB' };

  const secrets = trust.secrets.filter((secret) => secret !== '');
  if (sender.verify !== undefined && !(await sender.verify(request, { ...trust, secrets })))
    return unproven(sender, trust.webhook);

  const read = sender.event(request.headers);
  if (read === undefined) return nothingToDo;

  const text = decodeUtf8(request.body);
  const json = text === undefined ? undefined : parseJson(sender.json?.(text, request.headers) ?? text);
  if (json === undefined) return unreadable(sender, 400, 'Cannot read the delivery: its body is not JSON in UTF-8');
  try {
    const { changes, id } = read(json, trust.webhook);
    if (changes.length === 0) return nothingToDo;
    const deliveryId = sender.deliveryId?.(request.headers) ?? id;
    return { changes, ...(deliveryId !== undefined && isDeliveryId(deliveryId) && { deliveryId }) };
  } catch (error) {
    if (error instanceof Failure) return unreadable(sender, 422, error.message, error.help);
    if (!(error instanceof $ZodError)) throw error;
    const where = error.issues[0]?.path.join('.') || 'its body';
    const found = `${where} is missing or not what ${trust.webhook.sender} sends`;
    return unreadable(sender, 422, `Cannot read the delivery: ${found}`, sender.help);
  }
}

const nothingToDo: Answer = { status: 204, message: 'Nothing to do: it names no branch, tag or image that was pushed' };

function unproven({ proof }: Sender, { secret }: WebhookSettings): Answer {
  if (secret.length === 0) {
    const message = `Cannot verify the delivery: its ${proof} is no valid token for the audience and account that are configured`;
    return { status: 401, message, help: 'Compare them with those of the push subscription' };
  }
  const message = `Cannot verify the delivery: no configured secret made its ${proof}`;
  return { status: 401, message, help: 'Give the sender the very secret that webhooks of sluice.yaml name' };
}

function unreadable(sender: Sender, status: 400 | 422, message: string, help?: string): Answer {
  return { status: sender.tellsErrors ? status : 200, message, ...(help !== undefined && { help }) };
}
