import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { checkHealth } from '../lib/app/cluster/check-health.ts';
import { workCheck } from '../lib/app/jobs/work-check.ts';
import { clusterAccess } from '../lib/lambda/cluster-access.ts';
import { openParts } from '../lib/lambda/parts.ts';
import { workRecords } from '../lib/lambda/work-records.ts';

const parts = openParts();
const connect = clusterAccess(parts);

/** A CheckJob: a look at health, or a job whose delay has passed. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const stop = AbortSignal.timeout(Math.max(context.getRemainingTimeInMillis() - 5000, 0));
  return await workRecords('check', event, parts, (message, { ports }) => {
    const look = { connect, store: ports.store, clock: ports.clock };
    return workCheck(
      message,
      { ...ports, checkHealth: (target, waited, signal) => checkHealth(target, waited, signal, look) },
      stop,
    );
  });
}
