import { cpuMilliseconds } from '../cpu.ts';
import type { Subject } from './subject.ts';

/** How the time of a shape grows: 1 is in proportion to the size, 2 is with its square. */
export interface Growth {
  readonly exponent: number;
  /** What the largest input took. */
  readonly milliseconds: number;
  readonly size: number;
}

const smallest = 8 * 1024;
const factor = 4;
/** Below that the clock, and what is paid once, say more than the input. */
const measurableMs = 5;
const enoughMs = 60;

/** Takes larger and larger inputs until one takes long, or nobody would read it any more, and compares the last with the one before it. */
export async function measureGrowth(subject: Subject<unknown>, shape: (size: number) => unknown): Promise<Growth> {
  await measure(subject, shape(smallest));
  let [before, size, ms] = [0, smallest, await measure(subject, shape(smallest))];
  while (ms < enoughMs && size * factor <= subject.largest) {
    size *= factor;
    [before, ms] = [ms, await measure(subject, shape(size))];
  }
  const exponent = before === 0 ? 1 : Math.log(ms / Math.max(before, measurableMs)) / Math.log(factor);
  return { exponent, milliseconds: Math.round(ms), size };
}

/** The best of two: a collection of garbage falls into one. */
async function measure(subject: Subject<unknown>, input: unknown): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let time = 0; time < 2 && (time === 0 || best < 4 * enoughMs); time += 1) {
    const begin = cpuMilliseconds();
    await subject.take(input);
    best = Math.min(best, cpuMilliseconds() - begin);
  }
  return best;
}
