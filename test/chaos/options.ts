import { parseArgs } from 'node:util';
import type { ChaosOptions } from './chaos.ts';

export interface Options extends Omit<ChaosOptions, 'say'> {
  /** Where what `sluice serve` printed goes. */
  readonly log?: string | undefined;
}

/** Undefined if something in them cannot be understood. Without an end of any kind faults go on for half a minute. */
export function readOptions(args: readonly string[]): Options | undefined {
  const given = parse(args);
  if (given === undefined) return undefined;
  const { log } = given;
  const seed = Number(given.seed ?? '1');
  const [kills, deliveries] = [countOf(given.kills), countOf(given.deliveries)];
  const isCounted = kills !== undefined || deliveries !== undefined;
  const seconds = given.seconds === undefined ? (isCounted ? Number.POSITIVE_INFINITY : 30) : numberOf(given.seconds);
  if (!Number.isSafeInteger(seed) || given.seed === '' || !(seconds > 0)) return undefined;
  for (const count of [kills, deliveries]) {
    if (count !== undefined && !(Number.isSafeInteger(count) && count > 0)) return undefined;
  }
  return { seed, seconds, kills, deliveries, log };
}

const option = { type: 'string' } as const;

function parse(args: readonly string[]) {
  try {
    const options = { seed: option, seconds: option, kills: option, deliveries: option, log: option };
    return parseArgs({ args: [...args], options }).values;
  } catch {
    return undefined;
  }
}

function countOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : numberOf(text);
}

/** NaN for everything else than decimal digits: `Number` takes hexadecimal ones, and infinity. */
function numberOf(text: string): number {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
}
