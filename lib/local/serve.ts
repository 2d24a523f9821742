import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../adapters/sqlite/database.ts';
import { createSqliteQueue } from '../adapters/sqlite/queue.ts';
import { createSqliteStore } from '../adapters/sqlite/store.ts';
import { apiHandlers } from '../api-handlers.ts';
import { checkHealth } from '../app/cluster/check-health.ts';
import type { JobPorts } from '../app/jobs/job-ports.ts';
import { schedule } from '../app/jobs/schedule.ts';
import { takeBack } from '../app/jobs/take-back.ts';
import { workCheck } from '../app/jobs/work-check.ts';
import { workSync } from '../app/jobs/work-sync.ts';
import { sync } from '../app/sync.ts';
import type { ServeOptions } from '../cli/seams.ts';
import { asFailure } from '../domain/failure.ts';
import type { Settings } from '../domain/settings/settings.ts';
import { createLog } from '../log.ts';
import { readSettings } from '../read-settings.ts';
import { receiveDelivery } from '../receive-delivery.ts';
import { version } from '../version.ts';
import { createHttpServer } from './http.ts';
import { createParts, installationOf } from './parts.ts';
import { runWorkers } from './workers.ts';

const syncWorkers = 8;
const checkWorkers = 4;
const scheduleMs = 30_000;
const drainSeconds = 20;

/** Everything in one process, with the embedded queue and store; resolves when it was told to stop and has drained. */
export async function serve(options: ServeOptions): Promise<void> {
  const { config, data, environment, signal } = options;
  const settings = readSettings(config, { local: true });
  const log = createLog((line) => process.stdout.write(`${line}\n`));
  const parts = createParts({ config, data, environment, log });
  const clock = Date.now;
  using database = openDatabase(join(data, 'sluice.db'));
  const store = createSqliteStore(database, clock);
  const queue = createSqliteQueue(database, clock);
  const targets = new Map(settings.targets.map((target) => [target.name, target]));
  const ports: JobPorts = { store, queue, clock, newId: randomUUID, log, targets };
  const installation = installationOf(config);
  const syncPorts = {
    ...parts,
    store,
    clock,
    sleep: (ms: number) => sleep(ms),
    installation,
    targets: settings.targets,
  };

  const api = await apiHandlers(settings, parts.readSecret, ports);
  const server = createHttpServer(
    {
      webhookIds: settings.webhooks.map(({ id }) => id),
      receive: (request) => receiveDelivery(request, settings.webhooks, parts.readSecret, ports),
      ...(api === undefined ? {} : { api }),
    },
    { log },
  );
  await takeBack(store, clock);
  queue.takeBack();
  const port = await server.listen(options.port, options.host);
  announce(options, settings, port);

  const workers = [
    runWorkers({
      queue,
      name: 'sync',
      count: syncWorkers,
      work: (message) =>
        workSync(
          message,
          { ...ports, version, installation, sync: (context) => sync(context, syncPorts) },
          { stop: signal },
        ),
      signal,
      log,
    }),
    runWorkers({
      queue,
      name: 'check',
      count: checkWorkers,
      work: (message) =>
        workCheck(
          message,
          { ...ports, checkHealth: (target, _, stop) => checkHealth(target, stop, syncPorts) },
          signal,
        ),
      signal,
      log,
    }),
    everyTick(ports, signal),
  ];
  await Promise.all([...workers, stopped(signal).then(() => server.stop(drainSeconds))]);
}

async function everyTick(ports: JobPorts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await schedule(syncWorkers * 4, ports);
    } catch (error) {
      ports.log.error('the schedule failed; the next tick tries again', { error: asFailure(error).message });
    }
    await sleep(scheduleMs, undefined, { signal }).catch(() => undefined);
  }
}

function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function announce({ print, host, data }: ServeOptions, { targets, webhooks, api }: Settings, port: number): void {
  const url = `http://${host}:${port}`;
  print(
    `Sluice ${version} listens on ${url}, ${targets.length} ${targets.length === 1 ? 'target' : 'targets'}, data in ${data}`,
  );
  for (const { id, sender } of webhooks) print(`  ${sender}: POST ${url}/webhooks/${id}`);
  if (api === undefined) print('  no API: add api.tokens to the settings, and the other commands can ask this server');
}
