import { setTimeout as sleep } from 'node:timers/promises';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { workSync } from '../lib/app/jobs/work-sync.ts';
import { sync } from '../lib/app/sync.ts';
import { clusterAccess } from '../lib/lambda/cluster-access.ts';
import { openParts } from '../lib/lambda/parts.ts';
import { workRecords } from '../lib/lambda/work-records.ts';
import { openWorkshop } from '../lib/lambda/workshop.ts';
import { version } from '../lib/version.ts';

const parts = openParts();
const workshop = openWorkshop(parts);
const connect = clusterAccess(parts);
const { installation } = parts.environment;

/** A SyncJob: one target is brought to the head of its branch. It stops before Lambda ends it. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const limits = { deadline: Date.now() + context.getRemainingTimeInMillis() };
  return await workRecords('sync', event, parts, (message, { settings, ports }) => {
    const syncPorts = {
      ...workshop,
      connect,
      store: ports.store,
      clock: ports.clock,
      sleep: (ms: number) => sleep(ms),
      installation,
      targets: settings.targets,
    };
    return workSync(message, { ...ports, version, installation, sync: (job) => sync(job, syncPorts) }, limits);
  });
}
