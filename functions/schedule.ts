import { schedule } from '../lib/app/jobs/schedule.ts';
import { openParts } from '../lib/lambda/parts.ts';

const parts = openParts();

/** Jobs that wait for a free worker are no use earlier, and would be in the way of a push. */
const jobsPerWorker = 4;

/** The timer: a SyncJob for each target that is due; runs that nobody will end are ended. */
export async function handler(): Promise<void> {
  using invocation = await parts.begin();
  await parts.settings.keep();
  await schedule(parts.environment.syncConcurrency * jobsPerWorker, invocation.ports);
}
