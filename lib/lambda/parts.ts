import { randomUUID } from 'node:crypto';
import { type AwsClient, createAwsClient } from '../adapters/aws/aws-request.ts';
import { createAwsSecrets } from '../adapters/aws/aws-secrets.ts';
import { createConnections } from '../adapters/aws/connections.ts';
import { createDynamoStore } from '../adapters/aws/dynamo-store.ts';
import { createSqsQueue } from '../adapters/aws/sqs-queue.ts';
import type { JobPorts } from '../app/jobs/job-ports.ts';
import type { Clock, Queue, ReadSecret } from '../app/ports.ts';
import { type FunctionEnvironment, readFunctionEnvironment } from '../config.ts';
import type { Settings } from '../domain/settings/settings.ts';
import { createLog, type Log } from '../log.ts';
import { createSettingsSource, type SettingsSource } from './settings-source.ts';
import { withMetrics } from './with-metrics.ts';

/** What every function is made of; it is made once, when a process starts. */
export interface Parts {
  readonly environment: FunctionEnvironment;
  readonly client: AwsClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly queue: Queue;
  readonly readSecret: ReadSecret;
  readonly settings: SettingsSource;
  /** Reads the settings that are in force; disposed of, it closes every connection to AWS. Throws a Failure if there are no settings. */
  begin(): Promise<Invocation>;
  /** Closes every connection to AWS, where nothing had begun. */
  close(): void;
}

/** One event. */
export interface Invocation extends Disposable {
  readonly settings: Settings;
  readonly ports: JobPorts;
}

export function openParts(): Parts {
  const environment = readFunctionEnvironment();
  const { region, endpoint, stage, table, queues: urls } = environment;
  const clock = Date.now;
  const log = withMetrics(
    createLog((line) => process.stdout.write(`${line}\n`)),
    stage,
  );
  const connections = createConnections();
  const store = createDynamoStore({ table, clock, connections });
  const queue = createSqsQueue({ urls, connections });
  const client = createAwsClient({ region, connections, endpoint });
  const settings = createSettingsSource(environment.config, { client, store, clock, log, stage });

  async function begin(): Promise<Invocation> {
    try {
      const current = await settings.current();
      const targets = new Map(current.targets.map((target) => [target.name, target]));
      return {
        settings: current,
        ports: { store, queue, clock, newId: randomUUID, log, targets },
        [Symbol.dispose]: connections.close,
      };
    } catch (error) {
      connections.close();
      throw error;
    }
  }
  return {
    environment,
    client,
    clock,
    log,
    queue,
    readSecret: createAwsSecrets(client, clock),
    settings,
    begin,
    close: connections.close,
  };
}
