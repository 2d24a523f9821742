import { Failure } from '../../domain/failure.ts';
import { isWaiting, runErrorOf } from '../../domain/jobs/run.ts';
import type { Target } from '../../domain/settings/settings.ts';
import { leaseHolder, leaseOf } from '../records/leases.ts';
import type { RunRecord } from '../records/runs.ts';
import { endFailed, endWithoutSync, notRetried } from './end-run.ts';
import type { JobPorts } from './job-ports.ts';
import { unknownTarget } from './not-synced.ts';

/** A message can be delayed by as much, and is then delivered as soon as a worker is free. */
const longestDelaySeconds = 900;
/** The next look of a waiting run, and its own verdict that the time is up, come first. */
const lastLookSeconds = 120;

/**
 * Ends a run that nobody will end, and tells whether it did: its job was lost, or its worker has died too often. A run is left alone while a
 * worker holds the lease for it, however long it takes.
 */
export async function endIfStale(record: RunRecord, ports: JobPorts): Promise<boolean> {
  if (!(await isStale(record, ports))) return false;
  await endStale(record, ports);
  return true;
}

async function isStale({ run, writtenAt }: RunRecord, { store, targets, clock }: JobPorts): Promise<boolean> {
  const target = targets.get(run.target);
  const timeout = target?.timeout ?? 0;
  const idleSeconds = (clock() - writtenAt) / 1000;
  if (run.status === 'queued') return idleSeconds > timeout + longestDelaySeconds;
  if (isWaiting(run)) return idleSeconds > timeout + lastLookSeconds;
  if (idleSeconds <= timeout) return false;
  const holder = await leaseHolder(store, leaseOf(run));
  return holder === undefined || !holder.endsWith(`/${run.id}`);
}

async function endStale({ run, writtenAt }: RunRecord, ports: JobPorts): Promise<void> {
  const { targets, clock, log } = ports;
  const target: Target | undefined = targets.get(run.target);
  if (target === undefined) {
    return endWithoutSync(ports, run.id, 'failed', { error: runErrorOf(unknownTarget(run.target)) });
  }
  const minutes = Math.round((clock() - writtenAt) / 60_000);
  const state = run.status === 'queued' ? 'no worker has taken it up' : 'its worker has not been heard of';
  const again =
    run.kind === 'release'
      ? 'The next event or sweep of its images tries again'
      : 'The target is tried again by itself';
  const failure = new Failure('server', `Cannot finish run "${run.id}": ${state} for ${minutes} min`, {
    help: `${again}; look at the dead letters of the queues and at the log for why`,
  });
  if (run.kind === 'release') await endWithoutSync(ports, run.id, 'failed', { error: runErrorOf(failure) });
  else
    await endFailed(ports, run.kind === 'delete' ? notRetried(target) : target, {
      run: run.id,
      failure,
      since: writtenAt,
    });
  log.error('alarm: stale run ended', { target: run.target, run: run.id, error: failure.message });
}
