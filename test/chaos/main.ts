import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runChaos } from './chaos.ts';

/** `npm run chaos -- --seed N --seconds S [--log FILE]`: the last line on stdout is the verdict, everything else goes to stderr. */
const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '30' },
    log: { type: 'string' },
  },
});
const [seed, seconds] = [Number(values.seed), Number(values.seconds)];
if (!Number.isInteger(seed) || !Number.isFinite(seconds) || seconds <= 0) {
  process.stderr.write('npm run chaos -- --seed <whole number> --seconds <number above 0>\n');
  process.exit(2);
}

const begin = Date.now();
function say(line: string): void {
  process.stderr.write(`${((Date.now() - begin) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

const { log, ...verdict } = await runChaos({ seed, seconds, say });
for (const [what, findings] of Object.entries(verdict)) for (const finding of findings) say(`${what}: ${finding}`);
const counts = Object.entries(verdict).map(([what, { length }]) => `${what} ${length}`);
const isWhole = Object.values(verdict).every(({ length }) => length === 0);
if (!isWhole || values.log !== undefined) {
  const file = values.log ?? join(tmpdir(), `sluice-chaos-${seed}.log`);
  await writeFile(file, log, { mode: 0o600 });
  say(`what sluice serve printed is in ${file}`);
}
process.stdout.write(`${counts.join(', ')}\n`);
process.exit(isWhole ? 0 : 1);
