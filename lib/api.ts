import * as z from 'zod/mini';
import { Cause } from './domain/jobs/job.ts';
import type { Revision } from './domain/jobs/revision.ts';
import { actions, type Run as DomainRun } from './domain/jobs/run.ts';
import type { TargetStatus as DomainTargetStatus } from './domain/jobs/target-status.ts';

/**
 * The answers of the HTTP API (DESIGN §5.2), for its server and its clients. A client takes keys that it does not know: a newer server may
 * send them.
 *
 * | request | role | answer |
 * | --- | --- | --- |
 * | `GET /v1/targets` | viewer | 200 `TargetList` |
 * | `GET /v1/targets/{t}` | viewer | 200 `TargetStatus` |
 * | `POST /v1/targets/{t}/sync?takeOver=` | deployer; admin for `takeOver=true` | 202 `Run`, queued or taken up already; `Location` names it |
 * | `DELETE /v1/targets/{t}?orphan=` | admin | 202 `Run`, as for a sync; with `orphan=true` the objects stay in the cluster |
 * | `GET /v1/runs?target=&after=` | viewer | 200 `RunPage`, newest first, 50 at once, each with the first 100 of its objects; `after` is the `next` of the page before |
 * | `GET /v1/runs/{id}` | viewer | 200 `Run` |
 *
 * Errors are `ApiError`: 401 no or an unknown token, 403 a role too low, 404 `missing`, 422 `user`, 500 `server`, 503 try again.
 */

const revision = z.custom<Revision>((value) => typeof value === 'string' && /^.+@sha1:[0-9a-f]{40}$/.test(value));
const fault = z.enum(['user', 'missing', 'server']);
const status = z.enum(['queued', 'running', 'succeeded', 'failed', 'skipped']);
const problem = z.object({ fault, message: z.string(), help: z.exactOptional(z.string()) });

export type Run = z.infer<typeof Run>;
export const Run = z.object({
  id: z.string(),
  target: z.string(),
  targets: z.exactOptional(z.array(z.string())),
  repository: z.exactOptional(z.object({ url: z.string(), branch: z.string() })),
  pushed: z.exactOptional(
    z.array(z.object({ commit: z.string(), branch: z.string(), pullRequest: z.exactOptional(z.string()) })),
  ),
  kind: z.enum(['sync', 'delete', 'release']),
  cause: Cause,
  revision: z.exactOptional(revision),
  status,
  phase: z.exactOptional(z.enum(['applying', 'waiting'])),
  supersededBy: z.exactOptional(z.string()),
  queuedAt: z.string(),
  startedAt: z.exactOptional(z.string()),
  finishedAt: z.exactOptional(z.string()),
  waitingFor: z.exactOptional(z.string()),
  againAt: z.exactOptional(z.string()),
  changes: z.record(z.enum(actions), z.number()),
  objects: z.array(
    z.object({
      id: z.string(),
      action: z.enum(actions),
      error: z.exactOptional(z.string()),
      deletion: z.exactOptional(z.enum(['going', 'released'])),
      warning: z.exactOptional(z.string()),
      release: z.exactOptional(
        z.object({
          target: z.string(),
          status: z.enum(['success', 'skipped', 'ignored', 'failed']),
          containers: z.array(
            z.object({
              container: z.string(),
              current: z.string(),
              target: z.string(),
              downgrade: z.exactOptional(z.literal(true)),
            }),
          ),
        }),
      ),
    }),
  ),
  error: z.exactOptional(problem),
  warnings: z.exactOptional(z.array(z.string())),
}) satisfies z.ZodMiniType<DomainRun>;

export type TargetStatus = z.infer<typeof TargetStatus>;
export const TargetStatus = z.object({
  name: z.string(),
  source: z.exactOptional(z.object({ url: z.string(), branch: z.string(), paths: z.array(z.string()) })),
  orphaned: z.exactOptional(z.literal(true)),
  suspended: z.boolean(),
  applied: z.exactOptional(revision),
  attempted: z.exactOptional(revision),
  lastRun: z.exactOptional(
    z.object({
      id: z.string(),
      status,
      at: z.string(),
      error: z.exactOptional(problem),
      waitingFor: z.exactOptional(z.string()),
      failures: z.exactOptional(z.number()),
    }),
  ),
  health: z.exactOptional(z.enum(['Current', 'InProgress'])),
  nextSweepAt: z.exactOptional(z.string()),
}) satisfies z.ZodMiniType<DomainTargetStatus>;

export type TargetList = z.infer<typeof TargetList>;
export const TargetList = z.object({ targets: z.array(TargetStatus) });

export type RunPage = z.infer<typeof RunPage>;
export const RunPage = z.object({ runs: z.array(Run), next: z.exactOptional(z.string()) });

export type ApiError = z.infer<typeof ApiError>;
export const ApiError = z.object({ error: problem });
