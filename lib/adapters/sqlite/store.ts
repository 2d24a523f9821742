import type { SQLOutputValue } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { Clock, Condition, Item, QueryOptions, Store } from '../../app/ports.ts';
import { decodeBody, encodeBody } from '../item-body.ts';
import type { Database } from './database.ts';

type Row = Record<string, SQLOutputValue>;

const purgeIntervalMs = 60_000;
const defaultLimit = 100;
/** UTF-8 does not have this byte: what begins with a prefix is less than the prefix and it. */
const afterEveryText = Buffer.of(0xff);

/** The `Store` of `sluice serve`. What `put` and `delete` did is on disk when they return. */
export function createSqliteStore(database: Database, clock: Clock): Store {
  const live = '(expires_at IS NULL OR expires_at >= :now)';
  const columns = 'partition, sort, "order", body, expires_at';
  const insert = `INSERT INTO items (${columns}) VALUES (:partition, :sort, :order, :body, :expiresAt)
    ON CONFLICT (partition, sort) DO UPDATE SET "order" = excluded."order", body = excluded.body, expires_at = excluded.expires_at`;
  const range = `SELECT ${columns} FROM items WHERE partition = :partition`;
  const statements = {
    get: database.prepare(`SELECT ${columns} FROM items WHERE partition = :partition AND sort = :sort AND ${live}`),
    put: database.prepare(insert),
    putAbsent: database.prepare(`${insert} WHERE NOT ${live}`),
    putBelow: database.prepare(`${insert} WHERE items."order" < :below OR NOT ${live}`),
    putIs: database.prepare(`UPDATE items SET "order" = :order, body = :body, expires_at = :expiresAt
      WHERE partition = :partition AND sort = :sort AND "order" = :is AND ${live}`),
    delete: database.prepare('DELETE FROM items WHERE partition = :partition AND sort = :sort'),
    deleteIs: database.prepare(`DELETE FROM items
      WHERE partition = :partition AND sort = :sort AND ("order" = :is OR NOT ${live})`),
    ascending: database.prepare(`${range} AND sort >= max(:prefix, :after) AND sort > :after
      AND sort < CAST(:bound AS TEXT) AND ${live} ORDER BY sort ASC LIMIT :limit`),
    descending: database.prepare(`${range} AND sort < min(CAST(:bound AS TEXT), CAST(:after AS TEXT))
      AND sort >= :prefix AND ${live} ORDER BY sort DESC LIMIT :limit`),
    purge: database.prepare(
      'DELETE FROM items WHERE rowid IN (SELECT rowid FROM items WHERE expires_at < :now LIMIT 1000)',
    ),
  };
  let purgedAt = clock();

  /** Epoch seconds, with their fraction. */
  function now(): number {
    return clock() / 1000;
  }

  function write(item: Item, body: Uint8Array, condition: Condition | undefined): boolean {
    const { partition, sort, order, expiresAt = null } = item;
    const values = { partition, sort, order, body, expiresAt };
    if (condition === undefined) return statements.put.run(values).changes === 1;
    if ('absent' in condition) return statements.putAbsent.run({ ...values, now: now() }).changes === 1;
    if ('orderIs' in condition)
      return statements.putIs.run({ ...values, is: condition.orderIs, now: now() }).changes === 1;
    return statements.putBelow.run({ ...values, below: condition.orderBelow, now: now() }).changes === 1;
  }

  /** Expired items are invisible already; this gives their space back, a little at a time. */
  function purgeNowAndThen(): void {
    if (clock() - purgedAt < purgeIntervalMs) return;
    purgedAt = clock();
    database.writeSoon(() => statements.purge.run({ now: now() }));
  }

  return {
    async get(partition, sort) {
      const row = database.read(() => statements.get.get({ partition, sort, now: now() }));
      return row === undefined ? undefined : item(row);
    },

    async put(item, condition) {
      const body = await encodeBody(item);
      const written = await database.write(() => write(item, body, condition));
      purgeNowAndThen();
      return written;
    },

    async delete(partition, sort, condition) {
      const key = { partition, sort };
      return await database.write(() => {
        if (condition === undefined) statements.delete.run(key);
        else statements.deleteIs.run({ ...key, is: condition.orderIs, now: now() });
        return statements.get.get({ ...key, now: now() }) === undefined;
      });
    },

    async query(partition, options: QueryOptions = {}) {
      const { prefix = '', limit = defaultLimit, descending = false } = options;
      const bound = Buffer.concat([Buffer.from(prefix), afterEveryText]);
      const values = { partition, prefix, bound, after: options.after ?? (descending ? bound : ''), limit, now: now() };
      const statement = descending ? statements.descending : statements.ascending;
      const rows = database.read(() => statement.all(values));
      const items = await Promise.all(rows.map(item));
      // Who reads page after page lets others in between.
      await nextTurn();
      return items;
    },
  };
}

async function item(row: Row): Promise<Item> {
  return {
    partition: String(row.partition),
    sort: String(row.sort),
    order: Number(row.order),
    body: await decodeBody(row.body as Uint8Array),
    ...(row.expires_at === null ? {} : { expiresAt: Number(row.expires_at) }),
  };
}
