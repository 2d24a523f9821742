import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** What a server that has been stopped left behind. */
export interface Ledger {
  /** The accepted deliveries' runs that are not there. */
  readonly missing: number;
  /** Those that are there, by status. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Those that had ended before `at`, epoch milliseconds. */
  readonly endedBefore: (at: number) => number;
  /** Messages that are still queued, and dead ones. */
  readonly messages: number;
  readonly dead: number;
  readonly megabytes: number;
}

interface StoredRun {
  readonly run: { readonly id: string; readonly status: string; readonly finishedAt?: string };
}

/** Reads the runs `ids` from the database below `data`. */
export function readLedger(data: string, ids: readonly string[]): Ledger {
  const database = new DatabaseSync(join(data, 'sluice.db'), { readOnly: true });
  const ends: number[] = [];
  const statuses: Record<string, number> = {};
  const wanted = new Set(ids);
  for (const row of database.prepare("SELECT body FROM items WHERE partition LIKE 'runs/%'").iterate()) {
    const { run } = JSON.parse(Buffer.from(row.body as Uint8Array).toString()) as StoredRun;
    if (!wanted.delete(run.id)) continue;
    statuses[run.status] = (statuses[run.status] ?? 0) + 1;
    if (run.finishedAt !== undefined) ends.push(Date.parse(run.finishedAt));
  }
  const count = (table: string) => Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.n);
  const pages = Number(database.prepare('PRAGMA page_count').get()?.page_count);
  const ledger = {
    missing: wanted.size,
    statuses,
    endedBefore: (at: number) => ends.filter((end) => end < at).length,
    messages: count('messages'),
    dead: count('dead_letters'),
    megabytes: (pages * 4096) / 1024 ** 2,
  };
  database.close();
  return ledger;
}
