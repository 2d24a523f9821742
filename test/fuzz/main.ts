import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.ts';
import { type SubjectName, subjects } from './subjects.ts';

/** `npm run fuzz [-- --only NAME] [--runs N] [--seed N]`: a line for each; exit 1 if anything broke, with the smallest input that does. */
const names = Object.keys(subjects) as SubjectName[];
const usage = `npm run fuzz -- [--only ${names.join('|')}] [--runs <whole number above 0>] [--seed <whole number>]\n`;

function refuse(): never {
  process.stderr.write(usage);
  process.exit(2);
}

function read() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string' },
        runs: { type: 'string', default: '100000' },
        seed: { type: 'string', default: `${Date.now() % 2 ** 31}` },
      },
    });
    return { ...values, runs: Number(values.runs), seed: Number(values.seed) };
  } catch {
    return refuse();
  }
}

const { only, runs, seed } = read();
const chosen = names.filter((name) => only === undefined || name === only);
if (chosen.length === 0 || !Number.isSafeInteger(runs) || runs < 1 || !Number.isSafeInteger(seed)) refuse();

let isBroken = false;
for (const name of chosen) {
  const { inputs, seconds, slowestMs, outcomes, broken } = await fuzz(name, { runs, seed });
  const came = [...outcomes].sort().map(([outcome, times]) => `${times} ${outcome}`);
  process.stdout.write(
    `${name}: ${inputs} inputs of seed ${seed} in ${seconds.toFixed(0)} s, the slowest ${slowestMs.toFixed(0)} ms: ${came.join(', ')}\n`,
  );
  if (broken === undefined) continue;
  isBroken = true;
  process.stdout.write(`${name} is broken: ${broken}\n`);
}
process.exit(isBroken ? 1 : 0);
