import type { SQLOutputValue } from 'node:sqlite';

import type { Clock, Message, OutgoingMessage, QueueDepth, QueueName } from '../../app/ports.ts';
import { decodeMessage, encodeMessage } from '../message-text.ts';
import type { Database } from './database.ts';

type Row = Record<string, SQLOutputValue>;

/** The tables behind the queues (schema.ts); nothing here waits. */
export interface MessageLedger {
  add(queue: QueueName, messages: readonly OutgoingMessage[]): Promise<void>;
  claim(queue: QueueName, limit: number, visibilitySeconds: number): readonly Message[];
  /** False if the message is visible again, was given to another, or is gone. */
  extend(receipt: string, visibilitySeconds: number): boolean;
  /** Nothing happens if the message was given to another since. */
  remove(receipt: string): void;
  /** Epoch milliseconds at which there may be something to claim; undefined if nothing is there. */
  nextReadyAt(queue: QueueName): number | undefined;
  depth(queue: QueueName): QueueDepth;
  /** Makes what is in flight visible; returns how many there were. */
  takeBack(): number;
}

/** As SQS counts them (facts/webhooks.md §7.1). */
const deduplicationMs = 5 * 60_000;
const mostReceives = 5;

export function createMessageLedger(database: Database, clock: Clock): MessageLedger {
  const statements = {
    forget: database.prepare('DELETE FROM deduplications WHERE expires_at <= :now'),
    remember: database.prepare('INSERT OR IGNORE INTO deduplications VALUES (:queue, :group, :id, :expiresAt)'),
    add: database.prepare(`INSERT INTO messages (queue, "group", body, sent_at, ready_at)
      SELECT :queue, :group, :body, :now,
        CASE WHEN EXISTS (SELECT 1 FROM messages WHERE queue = :queue AND "group" = :group) THEN NULL ELSE :readyAt END`),
    ready: database.prepare(`SELECT id, body, receive_count FROM messages
      WHERE queue = :queue AND ready_at <= :now ORDER BY ready_at, id LIMIT :limit`),
    claim: database.prepare(`UPDATE messages SET ready_at = :until, receive_count = receive_count + 1
      WHERE id = :id`),
    extend: database.prepare(`UPDATE messages SET ready_at = :until
      WHERE id = :id AND receive_count = :receiveCount AND ready_at > :now`),
    bury: database.prepare(`INSERT INTO dead_letters
      SELECT id, queue, "group", body, sent_at, receive_count, :now FROM messages WHERE id = :id`),
    remove: database.prepare(`DELETE FROM messages WHERE id = :id AND receive_count = :receiveCount
      RETURNING queue, "group"`),
    promote: database.prepare(`UPDATE messages SET ready_at = sent_at
      WHERE id = (SELECT min(id) FROM messages WHERE queue = :queue AND "group" = :group)`),
    next: database.prepare('SELECT min(ready_at) AS at FROM messages WHERE queue = :queue AND ready_at IS NOT NULL'),
    depth: database.prepare(`SELECT count(*) AS alive,
      count(*) FILTER (WHERE receive_count > 0 AND ready_at > :now) AS in_flight,
      count(*) FILTER (WHERE receive_count >= ${mostReceives} AND ready_at <= :now) AS dying,
      (SELECT count(*) FROM dead_letters WHERE queue = :queue) AS dead FROM messages WHERE queue = :queue`),
    takeBack: database.prepare('UPDATE messages SET ready_at = :now WHERE receive_count > 0 AND ready_at > :now'),
  };

  function isNew(queue: QueueName, { group, deduplicationId }: OutgoingMessage, now: number): boolean {
    if (queue === 'check' || group === undefined || deduplicationId === undefined) return true;
    const expiresAt = now + deduplicationMs;
    return statements.remember.run({ queue, group, id: deduplicationId, expiresAt }).changes === 1;
  }

  function deliver(queue: QueueName, row: Row, until: number): Message {
    statements.claim.run({ id: row.id ?? null, until });
    const id = String(row.id);
    const receiveCount = Number(row.receive_count) + 1;
    return { id, queue, body: decodeMessage(String(row.body)), receipt: `${id}-${receiveCount}`, receiveCount };
  }

  /** Removes the message if this was its last delivery; its group goes on with the next. */
  function take(delivery: Delivery): void {
    const row = statements.remove.get({ ...delivery });
    if (row === undefined || row.group === null) return;
    statements.promote.run({ queue: String(row.queue), group: String(row.group) });
  }

  /** One look at what is ready: what was received too often dies, which may make the next of its group ready. */
  function claimReady(rows: readonly Row[], queue: QueueName, now: number, visibilitySeconds: number): Message[] {
    const claimed: Message[] = [];
    for (const row of rows) {
      const delivery = { id: Number(row.id), receiveCount: Number(row.receive_count) };
      if (delivery.receiveCount < mostReceives) {
        claimed.push(deliver(queue, row, now + visibilitySeconds * 1000));
      } else {
        statements.bury.run({ id: delivery.id, now });
        take(delivery);
      }
    }
    return claimed;
  }

  return {
    async add(queue, messages) {
      const texts = messages.map((message) => encodeMessage(queue, message));
      const now = clock();
      await database.writeTogether(() => {
        statements.forget.run({ now });
        for (const [index, message] of messages.entries()) {
          if (!isNew(queue, message, now)) continue;
          const group = queue === 'check' ? null : (message.group ?? null);
          const readyAt = now + (message.delaySeconds ?? 0) * 1000;
          statements.add.run({ queue, group, body: texts[index] ?? null, now, readyAt });
        }
      });
    },

    claim(queue, limit, visibilitySeconds) {
      const now = clock();
      const claimed: Message[] = [];
      while (claimed.length < limit) {
        const rows = database.read(() => statements.ready.all({ queue, now, limit: limit - claimed.length }));
        if (rows.length === 0) break;
        const messages = database.writeSoon(() => claimReady(rows, queue, now, visibilitySeconds));
        claimed.push(...messages);
        if (messages.length === rows.length) break;
      }
      return claimed;
    },

    extend(receipt, visibilitySeconds) {
      const now = clock();
      const until = now + visibilitySeconds * 1000;
      return database.writeSoon(() => statements.extend.run({ ...delivery(receipt), until, now }).changes === 1);
    },

    remove(receipt) {
      database.writeSoon(() => take(delivery(receipt)));
    },

    nextReadyAt(queue) {
      const row = database.read(() => statements.next.get({ queue }));
      return row === undefined || row.at === null ? undefined : Number(row.at);
    },

    depth(queue) {
      const row = database.read(() => statements.depth.get({ queue, now: clock() }));
      const [alive, inFlight, dying] = [Number(row?.alive), Number(row?.in_flight), Number(row?.dying)];
      return { waiting: alive - inFlight - dying, inFlight, dead: Number(row?.dead) + dying };
    },

    takeBack: () => database.writeSoon(() => Number(statements.takeBack.run({ now: clock() }).changes)),
  };
}

/** A receipt is the message and the number of the delivery: it is void once the message was delivered again. */
interface Delivery {
  readonly id: number;
  readonly receiveCount: number;
}

function delivery(receipt: string): Delivery {
  const [id, receiveCount] = receipt.split('-').map(Number);
  return { id: id ?? Number.NaN, receiveCount: receiveCount ?? Number.NaN };
}
