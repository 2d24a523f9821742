import type { ApiHandlers } from '../../lib/answer-api.ts';
import { noChanges, type Run } from '../../lib/domain/jobs/run.ts';
import type { TargetStatus } from '../../lib/domain/jobs/target-status.ts';
import { createHttpServer } from '../../lib/local/http.ts';
import { createLog } from '../../lib/log.ts';

export const head = `main@sha1:${'b'.repeat(40)}` as const;
const old = `main@sha1:${'a'.repeat(40)}` as const;

const source = { url: 'https://github.com/acme/shop-deploy.git', branch: 'main', paths: ['clusters/staging'] };
const error = {
  fault: 'user',
  message: 'Cannot apply "shop:deployment/web": spec.replicas: Invalid value',
  help: 'Correct it in git and push',
} as const;

export const failedRun: Run = {
  id: 'run-failed',
  target: 'shop-staging',
  kind: 'sync',
  cause: { kind: 'push', by: 'acme-github' },
  revision: head,
  status: 'failed',
  queuedAt: '2026-01-01T11:55:00Z',
  startedAt: '2026-01-01T11:55:01Z',
  finishedAt: '2026-01-01T11:55:04Z',
  changes: { ...noChanges, created: 1, failed: 1, unchanged: 7 },
  objects: [
    { id: 'shop:deployment/web', action: 'failed', error: 'spec.replicas: Invalid value \u001b[31m' },
    { id: 'shop:configmap/settings', action: 'created' },
  ],
  error,
};

export const doneRun: Run = {
  ...failedRun,
  id: 'run-done',
  cause: { kind: 'manual', by: 'ci' },
  status: 'succeeded',
  changes: { ...noChanges, configured: 1, unchanged: 8 },
  objects: [{ id: 'shop:deployment/web', action: 'configured', warning: 'spec.replicas was taken from hpa' }],
  warnings: ['Deployment shop:web sets a name twice in env'],
};
delete (doneRun as { error?: unknown }).error;

const targets: readonly TargetStatus[] = [
  {
    name: 'docs',
    source,
    suspended: false,
    applied: head,
    attempted: head,
    lastRun: { id: 'run-done', status: 'succeeded', at: '2026-01-01T11:58:00Z' },
    health: 'Current',
    nextSweepAt: '2026-01-01T12:58:00Z',
  },
  { name: 'fresh', source, suspended: false },
  {
    name: 'shop-staging',
    source,
    suspended: false,
    applied: old,
    attempted: head,
    lastRun: { id: 'run-failed', status: 'failed', at: '2026-01-01T11:55:04Z', error, failures: 3 },
    nextSweepAt: '2026-01-01T12:05:00Z',
  },
];

export interface Fixture extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** What `GET /v1/runs/{id}` answers for the id `run-new`, one after the other; the last one stays. */
  steps: Run[];
  /** What `GET /v1/targets` answers. */
  targets: readonly TargetStatus[];
  /** What was asked to be deleted. */
  readonly deleted: { readonly name: string; readonly orphan: boolean }[];
}

/** A real server with made-up targets: a token of each role, `run-failed`, `run-done`, and `run-new` that `sync` queues. */
export async function startFixture(port = 0): Promise<Fixture> {
  const fixture: Pick<Fixture, 'steps' | 'targets' | 'deleted'> = { steps: [doneRun], targets, deleted: [] };
  const queued: Run = { ...doneRun, id: 'run-new', status: 'queued', changes: noChanges, objects: [] };
  const { revision: _, warnings: __, startedAt: ___, finishedAt: ____, ...bare } = queued;
  const api: ApiHandlers = {
    tokens: [
      { name: 'eyes', role: 'viewer', value: 'viewer-token' },
      { name: 'ci', role: 'deployer', value: 'deployer-token' },
      { name: 'boss', role: 'admin', value: 'admin-token' },
    ],
    listTargets: async () => fixture.targets,
    showTarget: async (name) => fixture.targets.find((target) => target.name === name),
    requestSync: async (name) => ({ ...bare, target: name }),
    requestDelete: async (name, { orphan }) => {
      fixture.deleted.push({ name, orphan });
      return { ...bare, kind: 'delete', target: name };
    },
    listRuns: async ({ target, after }) => {
      if (after !== undefined) return { runs: [failedRun] };
      return target === 'docs' || target === 'nope' ? { runs: [] } : { runs: [doneRun], next: 'page-2' };
    },
    showRun: async (id) => {
      if (id !== 'run-new') return [failedRun, doneRun].find((run) => run.id === id);
      const [step] = fixture.steps.length > 1 ? fixture.steps.splice(0, 1) : fixture.steps;
      return step && { ...step, id };
    },
  };
  const server = createHttpServer(
    { webhookNames: new Map(), receive: async () => ({ status: 204, message: '' }), api },
    { log: createLog(() => undefined) },
  );
  const listening = await server.listen(port, '127.0.0.1');
  return Object.assign(fixture, {
    url: `http://127.0.0.1:${listening}`,
    port: listening,
    [Symbol.asyncDispose]: () => server.stop(0),
  });
}
