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

/**
 * Takes larger and larger inputs until one takes long, or nobody would read it any more, and compares the last with the one before it. One step
 * that is steep may be a cache that was left or a collection of garbage: what grows with its square is steep in the next one, too.
 */
export async function measureGrowth(subject: Subject<unknown>, shape: (size: number) => unknown): Promise<Growth> {
  await measure(subject, shape(smallest));
  let step: Growth = { exponent: 1, size: smallest, milliseconds: await measure(subject, shape(smallest)) };
  let before = step;
  while (step.size * factor <= subject.largest && !isCertain(step, before)) {
    const size = step.size * factor;
    const milliseconds = await measure(subject, shape(size));
    const exponent = Math.log(milliseconds / Math.max(step.milliseconds, measurableMs)) / Math.log(factor);
    [before, step] = [step, { exponent, size, milliseconds }];
  }
  return { ...step, exponent: Math.min(step.exponent, before.exponent) };
}

function isCertain(step: Growth, before: Growth): boolean {
  return step.milliseconds >= enoughMs && isSteep(step) === isSteep(before);
}

/** Twice the size may take a little more than twice the time, and far from four times. */
export function isSteep({ exponent }: Growth): boolean {
  return exponent > 1.6;
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
