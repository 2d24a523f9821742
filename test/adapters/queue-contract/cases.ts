import { afterEach, beforeEach, expect, it } from 'vitest';

import type { Message, Queue, QueueName } from '../../../lib/app/ports.ts';

/** A queue in which nothing is yet. */
export interface QueueUnderTest extends AsyncDisposable {
  readonly queue: Queue;
  /** Lets time go by: a clock is moved, or it is waited for. */
  pass(milliseconds: number): Promise<void>;
}

/** What a case of the contract is written with. */
export interface QueueCases {
  /** That of the case that runs. */
  readonly queue: Queue;
  pass(milliseconds: number): Promise<void>;
  /** What can be received at once, ten at most. */
  receive(name: QueueName, visibilitySeconds?: number): Promise<readonly Message[]>;
  /** The only message that can be received at once. */
  receiveOne(name: QueueName, visibilitySeconds?: number): Promise<Message>;
  /** A case; one that the server which stands in for the real one is known to break has to break (and turns red when it no longer does). */
  contract(name: string, test: () => Promise<void>): void;
  /** The names that `contract` was given. */
  readonly names: ReadonlySet<string>;
}

export const visible = { limit: 10, waitSeconds: 0, visibilitySeconds: 30 };

/** Each case has a queue of its own. */
export function createCases(open: () => Promise<QueueUnderTest>, gaps: Readonly<Record<string, string>>): QueueCases {
  let subject: QueueUnderTest;
  const names = new Set<string>();
  beforeEach(async () => {
    subject = await open();
  });
  afterEach(async () => {
    await subject[Symbol.asyncDispose]();
  });

  async function receive(name: QueueName, visibilitySeconds = 30): Promise<readonly Message[]> {
    return await subject.queue.receive(name, { ...visible, visibilitySeconds });
  }

  return {
    get queue() {
      return subject.queue;
    },
    pass: (milliseconds) => subject.pass(milliseconds),
    receive,
    async receiveOne(name, visibilitySeconds) {
      const [message, ...more] = await receive(name, visibilitySeconds);
      expect(more).toEqual([]);
      if (message === undefined) throw new Error(`Nothing to receive from ${name}`);
      return message;
    },
    names,
    contract(name, test) {
      names.add(name);
      const gap = gaps[name];
      if (gap === undefined) it(name, test);
      else it.fails(`not with this server: ${name} (${gap})`, test);
    },
  };
}
