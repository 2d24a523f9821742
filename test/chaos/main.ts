import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runChaos } from './chaos.ts';
import { readOptions } from './options.ts';

/**
 * `npm run chaos -- --seed N --seconds S [--kills N] [--deliveries N] [--log FILE]`: the last line on stdout is the verdict, everything else goes
 * to stderr. Exit 1 if anything was lost, untracked, touched or leaked.
 */
const options = readOptions(process.argv.slice(2));
if (options === undefined) {
  process.stderr.write(
    'npm run chaos -- [--seed <whole number>] [--seconds <number above 0>] [--kills <whole number above 0>] [--deliveries <whole number above 0>] [--log <file>]\n',
  );
  process.exit(2);
}

const begin = Date.now();
function say(line: string): void {
  process.stderr.write(`${((Date.now() - begin) / 1000).toFixed(1).padStart(6)} s  ${line}\n`);
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));

const { log, ...verdict } = await runChaos({ ...options, say });
for (const [what, findings] of Object.entries(verdict)) for (const finding of findings) say(`${what}: ${finding}`);
const counts = Object.entries(verdict).map(([what, { length }]) => `${what} ${length}`);
const isWhole = Object.values(verdict).every(({ length }) => length === 0);
if (!isWhole || options.log !== undefined) {
  const file = options.log ?? join(tmpdir(), `sluice-chaos-${options.seed}.log`);
  await writeFile(file, log, { mode: 0o600 }).then(
    () => say(`what sluice serve printed is in ${file}`),
    (error: Error) => say(`what sluice serve printed cannot be kept: ${error.message}`),
  );
}
process.stdout.write(`${counts.join(', ')}\n`);
process.exit(isWhole ? 0 : 1);
