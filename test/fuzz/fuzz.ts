import fc from 'fast-check';
import { openSubject, type SubjectName } from './subjects.ts';

export interface FuzzOptions {
  readonly runs: number;
  /** The same seed makes the same inputs. */
  readonly seed: number;
}

export interface FuzzResult {
  readonly inputs: number;
  readonly seconds: number;
  /** Of the input that took longest. */
  readonly slowestMs: number;
  /** How many inputs came to what. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** What broke, with the smallest input that was found; undefined if nothing did. */
  readonly broken: string | undefined;
}

/** An input is small: one that takes so long would never end were it large. A sync has a limit of its own. */
const tooSlowMs = 5000;

export async function fuzz(name: SubjectName, { runs, seed }: FuzzOptions): Promise<FuzzResult> {
  await using subject = await openSubject(name);
  const outcomes = new Map<string, number>();
  let inputs = 0;
  let slowestMs = 0;

  async function take(input: unknown): Promise<void> {
    const begin = performance.now();
    const outcome = await subject.take(input);
    const took = performance.now() - begin;
    inputs += 1;
    slowestMs = Math.max(slowestMs, took);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (took > tooSlowMs && name !== 'sync') throw new Error(`took ${Math.round(took)} ms`);
  }

  const begin = performance.now();
  const property = fc.asyncProperty(subject.inputs, take);
  // What is found by dozens of requests is not made smaller: that would take hours.
  const details = await fc.check(property, { numRuns: runs, seed, endOnFailure: name === 'sync' });
  const seconds = (performance.now() - begin) / 1000;
  const broken = details.failed ? `${details.errorInstance}\n${fc.defaultReportMessage(details)}` : undefined;
  return { inputs, seconds, slowestMs, outcomes, broken };
}
