import { setTimeout as sleep } from 'node:timers/promises';
import { visibilitySeconds } from '../app/jobs/hold.ts';
import type { Message, Queue, QueueName } from '../app/ports.ts';
import { asFailure } from '../domain/failure.ts';
import type { Log } from '../log.ts';

export interface WorkersOptions {
  readonly queue: Queue;
  readonly name: QueueName;
  readonly count: number;
  /** Does what a message asks for and acknowledges it; a message of which it throws comes again. */
  readonly work: (message: Message) => Promise<unknown>;
  readonly signal: AbortSignal;
  readonly log: Log;
}

const waitSeconds = 20;
const pauseAfterErrorMs = 1000;

/** Works on one queue, `count` messages at a time, until the signal; resolves when the last one is done. */
export async function runWorkers({ queue, name, count, work, signal, log }: WorkersOptions): Promise<void> {
  async function loop(): Promise<void> {
    while (!signal.aborted) {
      try {
        const messages = await queue.receive(name, { limit: 1, waitSeconds, visibilitySeconds, signal });
        for (const message of messages) await work(message);
      } catch (error) {
        log.error('work on a message failed; it comes again', { queue: name, error: asFailure(error).message });
        await sleep(pauseAfterErrorMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }
  await Promise.all(Array.from({ length: count }, loop));
}
