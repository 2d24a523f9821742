import * as z from 'zod/mini';

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/**
 * Seconds of a duration such as `90s`, `5m`, `1h30m`, `2d` or `0`; undefined if `text` is none.
 * The units are Go's, which Flux and Kubernetes use, and `d`.
 */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^(\d+(\.\d+)?[smhd])+$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)([smhd])/g)) {
    seconds += Number(amount) * (unitSeconds[unit ?? ''] ?? 0);
  }
  return seconds;
}

const error = 'Expected a duration such as 90s, 5m or 1h';

/** In `sluice.yaml` a duration with its unit, or 0; in the settings seconds. */
const duration = z.pipe(
  z.union([z.string(), z.literal(0)], { error }),
  z.transform((value, context) => {
    const seconds = parseDuration(String(value));
    if (seconds !== undefined) return seconds;
    context.issues.push({ code: 'custom', message: error, input: value });
    return z.NEVER;
  }),
);

// A sweep or a limit shorter than a second is a slip, not a wish.
export const positiveDuration = duration.check(z.minimum(1, { error: 'Expected a duration of at least 1s' }));

export const durationOrNever = duration.check(
  z.refine((seconds) => seconds === 0 || seconds >= 1, { error: 'Expected a duration of at least 1s, or 0 for never' }),
);
