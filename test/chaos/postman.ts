import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Push } from './branch.ts';
import type { Random } from './random.ts';

/** A webhook that a forge sends, with the id that it keeps when it is sent again. */
export interface Delivery extends Push {
  readonly delivery: string;
  readonly url: string;
}

export interface Receipt {
  readonly status: number;
  readonly runs: readonly string[];
}

/** Brings deliveries as the internet does: out of order, twice, again long after, and until somebody takes them. */
export interface Postman {
  readonly sent: number;
  /** Answers that were 202. */
  readonly accepted: number;
  /** The runs of everything that was accepted since `forget`. */
  readonly runs: ReadonlySet<string>;
  /** What nobody should have answered. */
  readonly complaints: readonly string[];
  post(push: Push, url: string): void;
  /** The receiver has lost what it kept: what it accepted so far is not asked for any more. */
  forget(): void;
  /** Brings everything that is left, in order, each once; resolves when it is taken, or with false after `milliseconds`. */
  deliverAll(milliseconds: number): Promise<boolean>;
  stop(): Promise<void>;
}

const carriers = 6;
const remembered = 300;

export function createPostman(send: (delivery: Delivery) => Promise<Receipt>, random: Random): Postman {
  const bag: Delivery[] = [];
  const delivered: Delivery[] = [];
  const complaints: string[] = [];
  let runs = new Set<string>();
  let [sent, accepted, underway] = [0, 0, 0];
  let [isTidy, isStopped] = [false, false];

  async function bring(delivery: Delivery): Promise<void> {
    const accepting = runs;
    sent += 1;
    try {
      const { status, runs: ids } = await send(delivery);
      if (status === 202) {
        accepted += 1;
        for (const id of ids) accepting.add(id);
      } else if (status !== 204 || !isRemoval(delivery)) {
        if (status !== 503) complaints.push(`${delivery.ref} ${delivery.after}: answered ${status}`);
        throw new Error(`answered ${status}`);
      }
      delivered.push(delivery);
      if (delivered.length > remembered) delivered.shift();
    } catch {
      // Nobody there, or not able to take it: the forge tries again.
      await sleep(200);
      bag.push(delivery);
    }
  }

  async function carry(): Promise<void> {
    while (!isStopped) {
      const at = isTidy || random.chance(0.7) ? 0 : random.int(0, Math.max(bag.length - 1, 0));
      const [delivery] = bag.splice(at, 1);
      if (delivery === undefined) {
        await sleep(20);
        continue;
      }
      const copies = !isTidy && random.chance(0.15) ? 2 : 1;
      underway += 1;
      await Promise.all(Array.from({ length: copies }, () => bring(delivery)));
      underway -= 1;
      if (!isTidy && delivered.length > 0 && random.chance(0.3)) bag.push(random.pick(delivered));
    }
  }
  const working = Array.from({ length: carriers }, carry);

  return {
    get sent() {
      return sent;
    },
    get accepted() {
      return accepted;
    },
    get runs() {
      return runs;
    },
    complaints,
    post(push, url) {
      bag.push({ ...push, url, delivery: randomUUID() });
    },
    forget() {
      runs = new Set();
    },
    async deliverAll(milliseconds) {
      isTidy = true;
      for (const end = Date.now() + milliseconds; Date.now() < end; await sleep(20)) {
        if (bag.length + underway === 0) return true;
      }
      return false;
    },
    async stop() {
      isStopped = true;
      await Promise.all(working);
    },
  };
}

function isRemoval({ after }: Delivery): boolean {
  return /^0+$/.test(after);
}
