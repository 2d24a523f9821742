import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { createConnect } from '../../../lib/adapters/cluster/connect.ts';
import { openDatabase } from '../../../lib/adapters/sqlite/database.ts';
import { createSqliteStore } from '../../../lib/adapters/sqlite/store.ts';
import { bring } from '../../../lib/app/cluster/bring.ts';
import type { Synced } from '../../../lib/app/outcome.ts';
import type { Cluster, Store } from '../../../lib/app/ports.ts';
import type { KubeObject } from '../../../lib/domain/objects/kube-object.ts';
import { Settings, type Target } from '../../../lib/domain/settings/settings.ts';
import { createLog } from '../../../lib/log.ts';

/** A target and the real cluster behind it: documents go in where a renderer would have read them. */
export interface World {
  readonly store: Store;
  /** A fresh connection, as each job has one. */
  connect(): Promise<Cluster>;
  bring(documents: string, options?: BringOptions): Promise<Omit<Synced, 'kind' | 'revision'>>;
}

export interface BringOptions {
  readonly target?: Record<string, unknown>;
  readonly run?: string;
  readonly takeOver?: boolean;
  readonly installation?: string;
  readonly now?: number;
  readonly store?: Store;
  readonly cluster?: Cluster;
  readonly held?: () => void;
  readonly targets?: readonly Target[];
}

export function targetOf(name: string, fields: Record<string, unknown> = {}): Target {
  const settings = Settings.parse({
    version: 1,
    targets: [
      {
        name,
        source: { url: 'https://git.example/x.git', branch: 'main' },
        cluster: { kubeconfig: { env: 'K' } },
        ...fields,
      },
    ],
  });
  const [target] = settings.targets;
  if (target === undefined) throw new Error('no target');
  return target;
}

export function manifestsOf(documents: string): { object: KubeObject; file: string; line: number }[] {
  return parseAllDocuments(documents)
    .map((document, index) => ({ object: document.toJS() as KubeObject, file: 'all.yaml', line: index + 1 }))
    .filter(({ object }) => object !== null);
}

export function createWorld(kubeconfig: string, name: string, fields: Record<string, unknown> = {}): World {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-world-'));
  const database = openDatabase(join(directory, 'sluice.db'));
  const store = createSqliteStore(database, Date.now);
  afterAll(() => {
    database.close();
    rmSync(directory, { recursive: true });
  });
  const connect = createConnect({ readSecret: async () => readFileSync(kubeconfig, 'utf8') });
  const access = { kubeconfig: { env: 'K' } };
  let runs = 0;
  return {
    store,
    connect: () => connect(access),
    async bring(documents, options = {}) {
      const target = targetOf(name, { ...fields, ...options.target });
      const cluster = options.cluster ?? (await connect(target.cluster, undefined, options.held));
      const run = options.run ?? `run-${++runs}`;
      const job = {
        kind: 'sync',
        target: name,
        run,
        cause: { kind: 'manual', by: 'test' },
        attempt: 0,
        takeOver: options.takeOver,
      } as const;
      const context = {
        target,
        job,
        signal: new AbortController().signal,
        held: options.held ?? (() => undefined),
        log: createLog(() => undefined),
        applied: undefined,
        verifiedUpTo: undefined,
        wanted: undefined,
        started: async () => undefined,
      };
      const brought = await bring(cluster, { manifests: manifestsOf(documents), warnings: [] }, context, {
        store: options.store ?? store,
        clock: () => options.now ?? Date.now(),
        sleep: async (milliseconds) => await sleep(milliseconds),
        installation: options.installation ?? 'test',
        targets: options.targets ?? [target],
      });
      if ('stay' in brought) throw new Error(`${brought.stay.how}: ${brought.stay.reason}`);
      return brought;
    },
  };
}
