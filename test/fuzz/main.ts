import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.ts';
import { subjectNames } from './subjects.ts';

/** `npm run fuzz [-- --only NAME] [--runs N] [--seed N]`: a line for each; exit 1 if anything broke, with the smallest input that does. */
/** A sync is dozens of requests, and a text is read within a millisecond. */
const runsOf = { webhooks: 100_000, manifests: 100_000, settings: 100_000, kubeconfig: 100_000, sync: 300 };
const usage = `npm run fuzz -- [--only ${subjectNames.join('|')}] [--runs <whole number above 0>] [--seed <whole number>]\n`;

function refuse(): never {
  process.stderr.write(usage);
  process.exit(2);
}

function read() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string' },
        runs: { type: 'string' },
        seed: { type: 'string', default: `${Date.now() % 2 ** 31}` },
      },
    });
    return { ...values, runs: values.runs === undefined ? undefined : Number(values.runs), seed: Number(values.seed) };
  } catch {
    return refuse();
  }
}

const { only, runs, seed } = read();
const chosen = subjectNames.filter((name) => only === undefined || name === only);
if (
  chosen.length === 0 ||
  (runs !== undefined && (!Number.isSafeInteger(runs) || runs < 1)) ||
  !Number.isSafeInteger(seed)
)
  refuse();

let isBroken = false;
for (const name of chosen) {
  const { inputs, seconds, slowestMs, outcomes, broken } = await fuzz(name, { runs: runs ?? runsOf[name], seed });
  const came = [...outcomes].sort().map(([outcome, times]) => `${times} ${outcome}`);
  process.stdout.write(
    `${name}: ${inputs} inputs of seed ${seed} in ${seconds.toFixed(0)} s, the slowest ${slowestMs.toFixed(0)} ms: ${came.join(', ')}\n`,
  );
  if (broken === undefined) continue;
  isBroken = true;
  process.stdout.write(`${name} is broken: ${broken}\n`);
}
process.exit(isBroken ? 1 : 0);
