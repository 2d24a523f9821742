import { execFileSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import type { Measurement } from './row.ts';

/** Where and on what the numbers were taken. */
export interface Machine {
  readonly commit: string;
  readonly at: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGigabytes: number;
  readonly node: string;
  readonly git: string;
}

export function describeMachine(): Machine {
  const [cpu] = cpus();
  return {
    commit: output('git', ['describe', '--always', '--dirty', '--abbrev=12']),
    at: new Date().toISOString(),
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memoryGigabytes: Math.round(totalmem() / 1024 ** 3),
    node: process.version,
    git: output('git', ['--version']).replace('git version ', ''),
  };
}

function output(program: string, args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', cwd: import.meta.dirname }).trim();
}

/** The value below which `percent` of the values are. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = low] =
    sorted.length % 2 === 1 ? [sorted[middle]] : sorted.slice(middle - 1, middle + 1);
  return (low + high) / 2;
}

/** A Markdown table; the ratio is that of the medians of one run. */
export function formatTable(measurements: readonly Measurement[]): string {
  const head = ['what', 'link', 'Sluice', 'peer', 'ratio', 'goal', 'n', 'peak memory', 'note', 'beside'];
  const rows = measurements.map(({ what, link, ours, peer, unit, goal, below, peakMegabytes, note = '' }) => {
    const ratio = peer === undefined ? undefined : median(peer.times) / median(ours);
    return [
      what,
      link,
      spread(ours, unit),
      peer === undefined ? '' : spread(peer.times, unit),
      ratio === undefined ? '' : `${ratio.toFixed(ratio < 2 ? 2 : 1)}×`,
      goal !== undefined ? `≥ ${goal}×` : below !== undefined ? `< ${amount(below, unit)}` : '',
      String(ours.length),
      peakMegabytes === undefined ? '' : `${Math.round(peakMegabytes)} MB`,
      note,
      peer?.name ?? '',
    ];
  });
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The median, and from the fastest to the slowest. */
function spread(times: readonly number[], unit?: 'KB'): string {
  const middle = amount(median(times), unit);
  if (times.length === 1) return middle;
  return `${middle} (${amount(Math.min(...times), unit)}–${amount(Math.max(...times), unit)})`;
}

function amount(number: number, unit: 'KB' | undefined): string {
  return unit === undefined ? milliseconds(number) : `${Math.round(number)} ${unit}`;
}

function milliseconds(time: number): string {
  return time < 1000 ? `${Math.round(time)} ms` : `${(time / 1000).toFixed(2)} s`;
}
