import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openDatabase } from '../../../lib/adapters/sqlite/database.ts';
import { createSqliteQueue, type SqliteQueue } from '../../../lib/adapters/sqlite/queue.ts';
import { createSqliteStore } from '../../../lib/adapters/sqlite/store.ts';
import type { WorkCheckPorts } from '../../../lib/app/jobs/check-waiting.ts';
import { type Delivery, receive } from '../../../lib/app/jobs/receive.ts';
import { workCheck } from '../../../lib/app/jobs/work-check.ts';
import { type WorkSyncPorts, workSync } from '../../../lib/app/jobs/work-sync.ts';
import type { HealthOutcome, SyncContext, Synced, SyncOutcome } from '../../../lib/app/outcome.ts';
import type { Message, QueueName } from '../../../lib/app/ports.ts';
import { getRun } from '../../../lib/app/records/runs.ts';
import { formatRevision } from '../../../lib/domain/jobs/revision.ts';
import { noChanges, type Run } from '../../../lib/domain/jobs/run.ts';
import { Settings, type Target } from '../../../lib/domain/settings/settings.ts';
import { createLog } from '../../../lib/log.ts';

export type JobPorts = WorkSyncPorts & WorkCheckPorts & { readonly queue: SqliteQueue };

/** One target's forge and cluster, as far as jobs see them. */
export interface Place {
  /** What the forge answers. */
  head: string;
  /** What was applied, in order. */
  readonly applied: string[];
  /** Of the objects that were applied. */
  health: HealthOutcome;
}

/** Queue and store are the real ones, in a directory of the test; the clock stands still until it is moved. */
export interface JobWorld {
  readonly ports: JobPorts;
  readonly logged: Record<string, unknown>[];
  now(): number;
  advance(seconds: number): void;
  place(target: string): Place;
  /** A push that the forge has taken: to `commit`, told by delivery `id`. */
  push(id: string, commit: string, more?: Partial<Delivery> & { before?: string }): Promise<readonly string[]>;
  delivery(id: string, commit: string, more?: Partial<Delivery> & { before?: string }): Delivery;
  /** The next message of a queue, if one is visible. */
  next(queue: QueueName): Promise<Message | undefined>;
  /** Does all that is queued, moving the clock over what waits, until `seconds` have passed or nothing is left. */
  drain(seconds?: number): Promise<void>;
  run(id: string | undefined): Promise<Run>;
}

/** Of objects that are not there yet: a Deployment of each name. */
export function inProgress(...names: string[]): HealthOutcome {
  const waitingFor = names.map((name) => ({
    object: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'default' } },
    message: '1 of 3 replicas are available',
  }));
  return { health: 'InProgress', waitingFor };
}

const names = ['a', 'b', 'c', 'd', 'e', 'f'];

/** `commit('a')`: 40 of that digit. */
export function commit(digit: string): string {
  return digit.repeat(40);
}

export function targetsOf(...settings: (Record<string, unknown> & { name: string })[]): ReadonlyMap<string, Target> {
  const source = { url: 'https://github.com/acme/shop.git', branch: 'main' };
  const cluster = { kubeconfig: { env: 'KUBECONFIG_FILE' } };
  const { targets } = Settings.parse({
    version: 1,
    targets: settings.map((target) => ({ source, cluster, ...target })),
  });
  return new Map(targets.map((target) => [target.name, target]));
}

export function createJobWorld(targets = targetsOf({ name: 'shop' })): JobWorld {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-jobs-'));
  let now = Date.parse('2025-03-01T10:00:00Z');
  const clock = () => now;
  const database = openDatabase(join(directory, 'sluice.db'));
  onTestFinished(() => {
    database.close();
    rmSync(directory, { recursive: true });
  });
  const places = new Map<string, Place>();
  const logged: Record<string, unknown>[] = [];
  let ids = 0;

  function place(target: string): Place {
    let found = places.get(target);
    if (found === undefined) {
      found = { head: commit(names[0] ?? ''), applied: [], health: { health: 'Current', waitingFor: [] } };
      places.set(target, found);
    }
    return found;
  }

  async function sync({ target, started }: SyncContext): Promise<SyncOutcome> {
    const here = place(target.name);
    const { head } = here;
    await started(formatRevision(target.source.branch, head));
    const isNew = here.applied.at(-1) !== head;
    here.applied.push(head);
    return synced(head, {
      changes: { ...noChanges, [isNew ? 'configured' : 'unchanged']: 1 },
      health: here.health.health,
      waitingFor: here.health.waitingFor,
    });
  }

  const ports: JobPorts = {
    store: createSqliteStore(database, clock),
    queue: createSqliteQueue(database, clock),
    clock,
    newId: () => `id-${++ids}`,
    log: createLog((line) => logged.push(JSON.parse(line) as Record<string, unknown>)),
    targets,
    version: '1.0.0',
    installation: 'test',
    sync,
    checkHealth: async (target) => place(target.name).health,
  };

  async function next(queue: QueueName): Promise<Message | undefined> {
    const [message] = await ports.queue.receive(queue, { limit: 1, waitSeconds: 0, visibilitySeconds: 900 });
    return message;
  }

  async function drain(seconds = 3600): Promise<void> {
    const until = now + seconds * 1000;
    for (;;) {
      const job = await next('sync');
      if (job !== undefined) await workSync(job, ports);
      const check = await next('check');
      if (check !== undefined) await workCheck(check, ports);
      if (job !== undefined || check !== undefined) continue;
      const depths = await Promise.all([ports.queue.depth('sync'), ports.queue.depth('check')]);
      if (depths.every(({ waiting, inFlight }) => waiting + inFlight === 0)) return;
      if (now + 1000 > until) return;
      now += 1000;
    }
  }

  function delivery(id: string, after: string, { before, ...more }: Partial<Delivery> & { before?: string } = {}) {
    const urls = ['https://github.com/acme/shop.git', 'git@github.com:acme/shop.git'];
    const hints = { after, ...(before !== undefined && { before }) };
    return {
      webhookId: 'acme-github',
      deliveryId: id,
      by: 'acme-github',
      changes: [{ kind: 'git', urls, ref: 'refs/heads/main', ...hints }],
      ...more,
    } satisfies Delivery;
  }

  return {
    ports,
    logged,
    now: clock,
    advance: (seconds) => {
      now += seconds * 1000;
    },
    place,
    delivery,
    async push(id, after, more) {
      for (const target of targets.keys()) place(target).head = after;
      return (await receive(delivery(id, after, more), ports)).runs;
    },
    next,
    drain,
    async run(id) {
      const found = await getRun(ports.store, id ?? '');
      if (found === undefined) throw new Error(`There is no run ${id}`);
      return found;
    },
  };
}

/** A sync of one object that went well, but for what is given. */
export function synced(head: string, fields: Partial<Synced> = {}): Synced {
  return {
    kind: 'synced',
    revision: formatRevision('main', head),
    changes: { ...noChanges, configured: 1 },
    objects: [],
    warnings: [],
    health: 'Current',
    ...fields,
  };
}

/** The next message of the queue; that there is one is part of the test. */
export async function take(world: JobWorld, queue: QueueName): Promise<Message> {
  const message = await world.next(queue);
  if (message === undefined) throw new Error(`The queue ${queue} has no message that is visible`);
  return message;
}
