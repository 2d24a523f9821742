import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { workRelease } from '../lib/app/jobs/work-release.ts';
import { release } from '../lib/app/release/release.ts';
import { openParts } from '../lib/lambda/parts.ts';
import { openReleaseWorkshop } from '../lib/lambda/release-workshop.ts';
import { workRecords } from '../lib/lambda/work-records.ts';

const parts = openParts();
const workshop = openReleaseWorkshop(parts);
const { installation } = parts.environment;

/** A ReleaseJob: images or policies are written to git. It holds no credential of a cluster, and stops before Lambda ends it. */
export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const limits = { deadline: Date.now() + context.getRemainingTimeInMillis() };
  return await workRecords('release', event, parts, async (message, { settings, ports }) => {
    using registry = workshop.openRegistry(settings.registries);
    const { store, clock } = ports;
    return await workRelease(
      message,
      { ...ports, installation, release: (job) => release(job, { ...workshop, registry, store, clock }) },
      limits,
    );
  });
}
