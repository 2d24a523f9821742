import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkGit } from '../adapters/git/check-git.ts';
import { createFindKey } from '../adapters/public-keys.ts';
import { openDatabase } from '../adapters/sqlite/database.ts';
import { createSqliteQueue } from '../adapters/sqlite/queue.ts';
import { createSqliteStore } from '../adapters/sqlite/store.ts';
import { apiHandlers } from '../api-handlers.ts';
import { checkHealth } from '../app/cluster/check-health.ts';
import type { JobPorts } from '../app/jobs/job-ports.ts';
import { schedule } from '../app/jobs/schedule.ts';
import { takeBack } from '../app/jobs/take-back.ts';
import { workCheck } from '../app/jobs/work-check.ts';
import { workRelease } from '../app/jobs/work-release.ts';
import { workSync } from '../app/jobs/work-sync.ts';
import type { ReadSecret } from '../app/ports.ts';
import { readSecrets } from '../app/read-secrets.ts';
import { release } from '../app/release/release.ts';
import { sync } from '../app/sync.ts';
import type { Environment } from '../config.ts';
import { asFailure } from '../domain/failure.ts';
import { idleSettings } from '../domain/settings/idle-settings.ts';
import type { Settings } from '../domain/settings/settings.ts';
import { formatProblem } from '../domain/settings/settings-problem.ts';
import { isIdSecret, webhookName } from '../domain/settings/webhook-rules.ts';
import type { WebhookSettings } from '../domain/settings/webhook-settings.ts';
import { createLog, type Log } from '../log.ts';
import { readSettings } from '../read-settings.ts';
import { receiveDelivery } from '../receive-delivery.ts';
import { version } from '../version.ts';
import { createBriefMemory } from './brief-memory.ts';
import { createHttpServer } from './http.ts';
import { createParts, installationOf } from './parts.ts';
import { runWorkers } from './workers.ts';

export interface ServeOptions {
  /** Path of sluice.yaml. */
  readonly config: string;
  readonly host: string;
  readonly port: number;
  /** Directory of the embedded queue and store; made if it is not there. */
  readonly data: string;
  readonly environment: Environment;
  /** Aborted when it shall drain and end. */
  readonly signal: AbortSignal;
  /** For people: where it listens, what it cannot do here. */
  print(line: string): void;
}

const syncWorkers = 8;
const releaseWorkers = 2;
const checkWorkers = 4;
const scheduleMs = 30_000;
const drainSeconds = 20;

/** Everything in one process, with the embedded queue and store; resolves when it was told to stop and has drained. */
export async function serve(options: ServeOptions): Promise<void> {
  const { config, data, environment, signal } = options;
  const settings = readSettings(config, { local: true });
  await checkGit(environment.path);
  const log = createLog((line) => process.stdout.write(`${line}\n`));
  const sources = settings.targets.map(({ source }) => source);
  const parts = createParts({ config, data, environment, log, sources, registries: settings.registries });
  using _registry = parts.registry;
  const clock = Date.now;
  using database = openDatabase(join(data, 'sluice.db'));
  const store = createSqliteStore(database, clock);
  const queue = createSqliteQueue(database, clock);
  const targets = new Map(settings.targets.map((target) => [target.name, target]));
  const webhooks = new Map(settings.webhooks.map((webhook) => [webhook.id, webhook]));
  const ports: JobPorts = { store, queue, clock, newId: randomUUID, log, targets };
  const deliveryPorts = {
    ...ports,
    readSecret: createBriefMemory(parts.readSecret, clock),
    findKey: createFindKey(clock),
  };
  const installation = installationOf(config);
  const syncPorts = {
    ...parts,
    store,
    clock,
    sleep: (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }),
    installation,
    targets: settings.targets,
  };

  const api = await apiHandlers(settings, parts.readSecret, ports);
  const server = createHttpServer(
    {
      webhookNames: new Map(settings.webhooks.map((webhook) => [webhook.id, webhookName(webhook)])),
      receive: (request) => receiveDelivery(request, webhooks, deliveryPorts),
      ...(api === undefined ? {} : { api }),
    },
    { log },
  );
  await warnOfSecrets(settings.webhooks, parts.readSecret, log);
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
          { ...ports, checkHealth: (target, waited, stop) => checkHealth(target, waited, stop, syncPorts) },
          signal,
        ),
      signal,
      log,
    }),
    runWorkers({
      queue,
      name: 'release',
      count: releaseWorkers,
      work: (message) =>
        workRelease(
          message,
          { ...ports, installation, release: (context) => release(context, { ...parts, store, clock }) },
          { stop: signal },
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

/** One that is missing may come later, and the others of its list verify until then; but whoever starts the server shall know. */
async function warnOfSecrets(webhooks: readonly WebhookSettings[], readSecret: ReadSecret, log: Log): Promise<void> {
  for (const webhook of webhooks) {
    const { failures } = await readSecrets(webhook.secret, readSecret);
    for (const { message } of failures)
      log.warn('a secret of a webhook cannot be read', { webhook: webhookName(webhook), error: message });
  }
}

function announce({ print, host, data }: ServeOptions, settings: Settings, port: number): void {
  const { targets, webhooks, api } = settings;
  const url = `http://${host}:${port}`;
  print(
    `Sluice ${version} listens on ${url}, ${targets.length} ${targets.length === 1 ? 'target' : 'targets'}, data in ${data}`,
  );
  for (const webhook of webhooks) {
    // An id that is a secret is shown by `sluice webhooks`, to who may read the settings; this goes where logs go.
    print(`  ${webhook.sender}: POST ${url}/webhooks/${isIdSecret(webhook) ? '…' : webhook.id}`);
  }
  if (api === undefined) print('  no API: add api.tokens to the settings, and the other commands can ask this server');
  for (const idle of idleSettings(settings, false)) print(`  Warning: ${formatProblem(idle)}`);
}
