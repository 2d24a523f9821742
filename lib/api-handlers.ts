import type { ApiHandlers } from './answer-api.ts';
import type { JobPorts } from './app/jobs/job-ports.ts';
import { requestDelete } from './app/jobs/request-delete.ts';
import { requestSync } from './app/jobs/request-sync.ts';
import { listTargets } from './app/list-targets.ts';
import type { ReadSecret } from './app/ports.ts';
import { listRuns } from './app/records/run-list.ts';
import { getRun } from './app/records/runs.ts';
import { showTarget } from './app/show-target.ts';
import type { Settings } from './domain/settings/settings.ts';

/** What stands behind `/v1`: the store and the queue, no cluster and no repository. Throws if the secret of a token cannot be read. */
export async function apiHandlers(
  { api }: Settings,
  readSecret: ReadSecret,
  ports: JobPorts,
): Promise<ApiHandlers | undefined> {
  if (api === undefined) return undefined;
  const { store, clock, targets } = ports;
  return {
    tokens: await Promise.all(
      api.tokens.map(async ({ name, role, secret }) => ({ name, role, value: await readSecret(secret) })),
    ),
    listTargets: () => listTargets(targets, store),
    showTarget: (name) => showTarget(targets, store, name),
    async requestSync(name, request) {
      return targets.has(name) ? await requestSync(name, request, ports) : undefined;
    },
    requestDelete: (name, request) => requestDelete(name, request, ports),
    listRuns: (query) => listRuns(store, query, clock()),
    showRun: (id) => getRun(store, id),
  };
}
