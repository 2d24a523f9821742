import type { Fault as ApiFault } from '../fakes/fault-proxy.ts';
import type { GitHttpFault } from '../parts/git-http.ts';
import type { Random } from './random.ts';

/** What is done to `sluice serve`. Times are milliseconds. */
export type ProcessFault =
  /** SIGKILL; started again at once, by its clock so many seconds later: what waits between two attempts is due. */
  | { readonly kind: 'kill'; readonly later: number }
  /** A push to a branch, SIGKILL when so many writes for it have reached the API server, and a way back to what was there before. */
  | {
      readonly kind: 'kill after writes';
      readonly branch: number;
      readonly writes: number;
      readonly back: 'revert' | 'force push';
    }
  /** SIGSTOP until its leases have run out by its clock. */
  | { readonly kind: 'freeze'; readonly for: number }
  /** While one is stopped like that, another with an empty store takes over, and ends. */
  | { readonly kind: 'fail over'; readonly branch: number; readonly for: number }
  | { readonly kind: 'clock back'; readonly for: number; readonly killed: boolean }
  | { readonly kind: 'disk full'; readonly for: number; readonly killed: boolean }
  /** SIGKILL, and everything that it kept is gone: its files, or all of the store but not what is queued. */
  | { readonly kind: 'store lost'; readonly how: 'deleted' | 'emptied' };

/** What is done to a server that it talks to. */
export type ApiServerFault =
  | { readonly kind: 'kill' }
  | { readonly kind: 'answer'; readonly fault: ApiFault; readonly method?: string; readonly times: number };

export type GitServerFault =
  | { readonly kind: 'kill'; readonly for: number }
  | { readonly kind: 'cut' }
  | { readonly kind: 'truncate'; readonly bytes: number }
  | { readonly kind: 'slow'; readonly for: number }
  | { readonly kind: 'behind'; readonly seconds: number }
  | { readonly kind: 'answer'; readonly fault: GitHttpFault; readonly for: number };

/** A fault and the pause before it. */
export interface Planned<T> {
  readonly after: number;
  readonly fault: T;
}

export function drawProcessFault(random: Random): Planned<ProcessFault> {
  return { after: random.int(50, 2000), fault: draw(random, processFaults)(random) };
}

/** Everything but the loss of the store, after which nobody knows what was accepted before. */
export function drawKeeping(random: Random): Planned<ProcessFault> {
  return { after: random.int(50, 2000), fault: draw(random, keeping)(random) };
}

/** Nothing but SIGKILL, at any moment; one in five between two writes. */
export function drawKill(random: Random): Planned<ProcessFault> {
  return { after: random.int(0, 900), fault: draw(random, kills)(random) };
}

export function drawApiServerFault(random: Random): Planned<ApiServerFault> {
  return { after: random.int(200, 3000), fault: draw(random, apiServerFaults)(random) };
}

export function drawGitServerFault(random: Random): Planned<GitServerFault> {
  return { after: random.int(500, 5000), fault: draw(random, gitServerFaults)(random) };
}

type Weighted<T> = readonly (readonly [weight: number, make: (random: Random) => T])[];

function draw<T>(random: Random, from: Weighted<T>): (random: Random) => T {
  let at = random.fraction() * from.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, make] of from) {
    at -= weight;
    if (at < 0) return make;
  }
  throw new RangeError('There is nothing to draw from');
}

function kill(random: Random): ProcessFault {
  return { kind: 'kill', later: random.pick([0, 0, 6, 35]) };
}

function killAfterWrites(random: Random): ProcessFault {
  const back = random.pick(['revert', 'force push'] as const);
  return { kind: 'kill after writes', branch: random.int(0, 7), writes: random.int(1, 5), back };
}

const kills: Weighted<ProcessFault> = [
  [4, kill],
  [1, killAfterWrites],
];

const keeping: Weighted<ProcessFault> = [
  [10, kill],
  [12, killAfterWrites],
  [2, (random) => ({ kind: 'freeze', for: random.int(200, 1500) })],
  [1, (random) => ({ kind: 'fail over', branch: random.int(0, 7), for: random.int(2000, 4000) })],
  [2, (random) => ({ kind: 'clock back', for: random.int(500, 2500), killed: random.chance(0.5) })],
  [2, (random) => ({ kind: 'disk full', for: random.int(300, 2000), killed: random.chance(0.5) })],
];

const processFaults: Weighted<ProcessFault> = [
  ...keeping,
  [1, (random) => ({ kind: 'store lost', how: random.pick(['deleted', 'emptied'] as const) })],
];

const apiServerFaults: Weighted<ApiServerFault> = [
  [1, () => ({ kind: 'kill' })],
  [
    2,
    (random) => answers(random, { answer: 429, body: status(429, 'TooManyRequests'), headers: { 'retry-after': '1' } }),
  ],
  [3, (random) => answers(random, { answer: 409, body: status(409, 'Conflict') })],
  [2, (random) => answers(random, { answer: 500, body: status(500, 'InternalError') })],
  [1, (random) => answers(random, { answer: 500, body: 'no JSON at all' })],
  [2, (random) => answers(random, { answer: random.pick([502, 503, 504]), body: 'not now' })],
  [3, (random) => answers(random, { reset: random.pick(['before', 'after'] as const) })],
  [3, (random) => answers(random, { truncate: random.int(0, 400) })],
  // Each holds a worker until its request is given up.
  [1, (random) => ({ kind: 'answer', fault: { bytesPerSecond: 2 }, times: random.int(1, 2) })],
  [2, (random) => answers(random, { delayMs: random.int(50, 2000) })],
];

const gitServerFaults: Weighted<GitServerFault> = [
  [2, (random) => ({ kind: 'kill', for: random.int(100, 800) })],
  [3, () => ({ kind: 'cut' })],
  [3, (random) => ({ kind: 'truncate', bytes: random.int(1, 1500) })],
  [1, (random) => ({ kind: 'slow', for: random.int(200, 2000) })],
  [1, (random) => ({ kind: 'behind', seconds: random.int(1, 4) })],
  [
    3,
    (random) => ({
      kind: 'answer',
      fault: random.pick([403, 404, 409, 429, 500, 502, 503, 'reset', 'hang'] as const),
      for: random.int(100, 600),
    }),
  ],
];

function answers(random: Random, fault: ApiFault): ApiServerFault {
  const method = random.pick([undefined, undefined, 'GET', 'PATCH', 'PUT', 'POST', 'DELETE']);
  return { kind: 'answer', fault, times: random.int(1, 8), ...(method === undefined ? {} : { method }) };
}

function status(code: number, reason: string): unknown {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message: 'chaos', reason, code };
}
