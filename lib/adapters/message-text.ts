import type { OutgoingMessage, QueueName } from '../app/ports.ts';
import { Failure } from '../domain/failure.ts';

/** SQS takes more, and bills in parts of 64 KB; a job is a few facts (DESIGN §3). */
const maximumBytes = 200 * 1024;
/** What SQS takes. */
const maximumDelaySeconds = 900;

/** `JSON.stringify` escapes control characters; these, too, some SQS refuses in a message (facts/webhooks.md §7.1). */
const refusedBySqs = /[\uD800-\uDFFF\uFFFE\uFFFF]/g;

/** The sent form of a message's body, the same in every queue: JSON. Throws a `server` Failure if it is over 200 KB. */
export function encodeMessage(queue: QueueName, message: OutgoingMessage): string {
  assertMessage(queue, message);
  const json = JSON.stringify(message.body)?.replace(refusedBySqs, escaped);
  if (json === undefined) throw new TypeError('The body of a message must be a JSON value');
  const bytes = Buffer.byteLength(json);
  if (bytes <= maximumBytes) return json;
  const state = `it has ${Math.ceil(bytes / 1024)} KB, ${maximumBytes / 1024} KB are allowed`;
  throw new Failure('server', `Cannot send a message to queue "${queue}": ${state}`, {
    help: 'Whatever sends this must shorten it; please report it',
  });
}

/** Text that is no JSON, which someone else must have sent, is the body as it is: whoever parses the message refuses it. */
export function decodeMessage(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A breach is a programming error. */
function assertMessage(queue: QueueName, { group, delaySeconds = 0 }: OutgoingMessage): void {
  if (queue !== 'check' && group === undefined) throw new TypeError('A message of a FIFO queue must have a group');
  if (queue !== 'check' && delaySeconds !== 0) throw new TypeError('A message of a FIFO queue cannot be delayed');
  if (!Number.isInteger(delaySeconds) || delaySeconds < 0 || delaySeconds > maximumDelaySeconds) {
    throw new TypeError(`A message can be delayed by 0 to ${maximumDelaySeconds} whole seconds`);
  }
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16)}`;
}
