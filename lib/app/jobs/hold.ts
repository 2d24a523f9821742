import { asFailure, Failure } from '../../domain/failure.ts';
import type { Log } from '../../log.ts';
import type { Clock, Message, Queue } from '../ports.ts';
import { type Lease, leaseSeconds } from '../records/leases.ts';

/** Seconds for which a message that is worked on stays invisible from its last renewal: those of the lease (DESIGN §3). */
export const visibilitySeconds = leaseSeconds;

const renewMs = 15_000;
/** A store that does not answer for so long may have given the lease to another before the next renewal. */
const lostAfterMs = 45_000;
/** A lease ends with a whole second: up to one earlier than a minute after it was renewed. */
const heldMs = (leaseSeconds - 1) * 1000;
/** What a worker needs to settle before its function is killed. */
const settleMs = 20_000;

/** When a worker has to stop before it is done. */
export interface Limits {
  /** Epoch milliseconds at which the process is killed; absent where nothing kills it. */
  readonly deadline?: number;
  /** The process is to end: work goes back to the queue. */
  readonly stop?: AbortSignal;
}

/** A message and a lease that are kept while something is done. */
export interface Hold extends Disposable {
  /** Aborted when either is lost, or when the limits say so. */
  readonly signal: AbortSignal;
  /** Throws once the signal is aborted or the lease has run out by the clock: a process that was frozen wakes up with its timers late. */
  assert(): void;
  /** Why it was aborted, or would be if timers were on time: `lost` means that another may be at work, and nothing may be written any more. */
  ended(): 'lost' | 'stopped' | undefined;
}

export interface Held {
  readonly message: Message;
  readonly lease: Lease;
  /** What is done, as in `sync of "shop"`. */
  readonly work: string;
  readonly limits: Limits;
}

/** Renews both together every 15 s until it is disposed of. */
export function hold(held: Held, ports: { queue: Queue; clock: Clock; log: Log }): Hold {
  const { message, lease, work, limits } = held;
  const { queue, clock, log } = ports;
  const controller = new AbortController();
  let end: 'lost' | 'stopped' | undefined;
  let renewedAt = clock();

  function abort(reason: 'lost' | 'stopped', state: string): void {
    if (end !== 'lost') end = reason;
    controller.abort(new Failure('server', `Cannot finish the ${work}: ${state}`, { code: 'Aborted' }));
  }

  async function renew(): Promise<void> {
    const asked = clock();
    try {
      const kept = (await lease.renew()) && (await queue.extend(message, visibilitySeconds));
      if (kept) renewedAt = asked;
      else abort('lost', 'its lease or its message is no longer ours');
    } catch (error) {
      log.warn('a lease could not be renewed', { error: asFailure(error).message });
      if (clock() - renewedAt >= lostAfterMs) abort('lost', 'its lease could not be renewed');
    }
  }

  function stop(): void {
    abort('stopped', 'the worker has to end; the job goes back');
  }

  function ended(): 'lost' | 'stopped' | undefined {
    if (clock() - renewedAt >= heldMs) abort('lost', 'its lease has run out');
    return end;
  }

  function assert(): void {
    if (ended() !== undefined) controller.signal.throwIfAborted();
  }

  const renewal = setInterval(renew, renewMs);
  const timer =
    limits.deadline === undefined ? undefined : setTimeout(stop, Math.max(limits.deadline - settleMs - clock(), 0));
  limits.stop?.addEventListener('abort', stop, { once: true });
  if (limits.stop?.aborted) stop();

  return {
    signal: controller.signal,
    assert,
    ended,
    [Symbol.dispose]() {
      clearInterval(renewal);
      clearTimeout(timer);
      limits.stop?.removeEventListener('abort', stop);
    },
  };
}
