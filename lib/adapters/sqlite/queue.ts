import type { Clock, Message, OutgoingMessage, Queue, QueueName, ReceiveOptions } from '../../app/ports.ts';
import type { Database } from './database.ts';
import { createMessageLedger } from './message-ledger.ts';
import { createWaiters } from './waiters.ts';

/** The `Queue` of `sluice serve`: what `send` took is on disk when it returns. One process reads and writes it. */
export interface SqliteQueue extends Queue {
  /** Makes every message in flight visible at once, for the start of a process: who had them is gone. Returns how many there were. */
  takeBack(): number;
}

const mostAtOnce = 10;

export function createSqliteQueue(database: Database, clock: Clock): SqliteQueue {
  const ledger = createMessageLedger(database, clock);
  const waiters = createWaiters(clock);

  async function send(queue: QueueName, messages: readonly OutgoingMessage[]): Promise<void> {
    await ledger.add(queue, messages);
    waiters.wake(queue);
  }

  async function receive(queue: QueueName, options: ReceiveOptions): Promise<readonly Message[]> {
    const { waitSeconds, visibilitySeconds, signal } = options;
    const limit = Math.min(options.limit, mostAtOnce);
    const deadline = clock() + waitSeconds * 1000;
    while (signal?.aborted !== true) {
      const messages = ledger.claim(queue, limit, visibilitySeconds);
      if (messages.length > 0 || clock() >= deadline) return messages;
      await waiters.wait(queue, Math.min(deadline, ledger.nextReadyAt(queue) ?? deadline), signal);
    }
    return [];
  }

  return {
    send,
    receive,
    async extend(message, visibilitySeconds) {
      const extended = ledger.extend(message.receipt, visibilitySeconds);
      if (extended) waiters.wake(message.queue);
      return extended;
    },
    async acknowledge(message) {
      ledger.remove(message.receipt);
      waiters.wake(message.queue);
    },
    depth: async (queue) => ledger.depth(queue),
    takeBack: () => ledger.takeBack(),
  };
}
