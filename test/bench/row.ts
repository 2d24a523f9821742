import type { Stage } from './stage.ts';

/** A line of the table: how long something took us and a peer, round by round in turns. */
export interface Measurement {
  readonly what: string;
  /** The way to the API server. */
  readonly link: string;
  /** Milliseconds, one each round; or kilobytes. */
  readonly ours: readonly number[];
  readonly peer?: { readonly name: string; readonly times: readonly number[] };
  readonly unit?: 'KB';
  /** How many times faster than the peer we want to be. */
  readonly goal?: number;
  /** What else is to be said of it: a rate, a percentile, each with its goal. */
  readonly note?: string;
  /** What ours shall be below, in its unit. */
  readonly below?: number;
  /** Of our process. */
  readonly peakMegabytes?: number | undefined;
}

/** What `--only` names: it may measure several lines that share a preparation. */
export interface Row {
  readonly about: string;
  run(stage: Stage): Promise<readonly Measurement[]>;
}
