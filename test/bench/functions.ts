import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { type Bundle, bundleFunction, type FunctionName, functionNames } from '../../infra/bundle-function.ts';
import { openLambdaStage } from '../lambda/runtime/lambda-stage.ts';
import { type Sandbox, startSandbox } from '../lambda/runtime/sandbox.ts';
import type { Measurement, Row } from './row.ts';

const rounds = 7;
const kilobytes: Readonly<Record<FunctionName, number>> = {
  webhook: 450,
  events: 450,
  sync: 3000,
  release: 3000,
  check: 3000,
  schedule: 450,
  api: 450,
};
const senders = 'senders wait 1 s (Distribution), 3 s (Harbor), 10 s (GitHub)';

/** The functions as they are packaged, in Lambda's own runtime client; what it costs Lambda to have a machine for them is not in it. */
export const functions: Row = {
  about:
    'what the functions weigh, how long they take to start, and how long from an event of the HTTP API to its message in the queue',
  async run() {
    return [...(await sizes()), ...(await starts()), ...(await deliveries())];
  },
};

async function sizes(): Promise<readonly Measurement[]> {
  const measurements: Measurement[] = [];
  for (const name of functionNames) {
    const { files, metafile } = await bundleFunction(name);
    const bytes = files.reduce((sum, { data }) => sum + data.length, 0);
    measurements.push({
      what: `bundle of ${name}: ${largest(metafile)}`,
      link: '',
      ours: [bytes / 1000],
      unit: 'KB',
      below: kilobytes[name],
    });
  }
  return measurements;
}

/** The packages that take the most of a bundle, in kilobytes. */
function largest({ outputs }: Bundle['metafile']): string {
  const bytes = new Map<string, number>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name =
        path
          .split('node_modules/')
          .at(-1)
          ?.match(/^(@[^/]+\/)?[^/]+/)?.[0] ?? '';
      const owner = path.includes('node_modules/') ? name : 'Sluice';
      bytes.set(owner, (bytes.get(owner) ?? 0) + bytesInOutput);
    }
  }
  const sorted = [...bytes].toSorted(([, a], [, b]) => b - a).slice(0, 6);
  return sorted.map(([name, size]) => `${name} ${Math.round(size / 1000)}`).join(', ');
}

/** From the start of a process until it asks for its first event, in turns with an empty handler that imports the client of SQS. */
async function starts(): Promise<readonly Measurement[]> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-functions-'));
  try {
    await buildPeer(join(directory, 'empty', 'empty-handler.mjs'));
    for (const name of ['webhook', 'sync'] as const) await lay(join(directory, name), await bundleFunction(name));
    const times = { webhook: [] as number[], sync: [] as number[], empty: [] as number[] };
    const memory = { webhook: 0, sync: 0, empty: 0 };
    for (let round = 0; round < rounds; round++) {
      for (const name of ['empty', 'webhook', 'sync'] as const) {
        await using sandbox = await start(join(directory, name), name === 'empty' ? 'empty-handler' : name);
        times[name].push(sandbox.initMs);
        memory[name] = Math.max(memory[name], sandbox.megabytes());
      }
    }
    const peer = {
      name: `an empty handler that imports client-sqs, ${Math.round(memory.empty)} MB`,
      times: times.empty,
    };
    // Goals of at most 1.3 and 4 times as long.
    return [
      {
        what: 'webhook until it is ready',
        link: '',
        ours: times.webhook,
        peer,
        goal: 0.77,
        peakMegabytes: memory.webhook,
      },
      { what: 'sync until it is ready', link: '', ours: times.sync, peer, goal: 0.25, peakMegabytes: memory.sync },
    ];
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** As anybody bundles it. */
async function buildPeer(outfile: string): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, 'empty-handler.ts')],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
  });
}

async function lay(directory: string, { files }: Bundle): Promise<void> {
  for (const { path, data } of files) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), data);
  }
}

async function start(task: string, handler: string): Promise<Sandbox> {
  const queue = 'https://sqs.eu-central-1.amazonaws.com/123456789012/queue';
  return await startSandbox({
    name: handler,
    handler: `${handler}.handler`,
    memory: 1024,
    timeoutSeconds: 30,
    task,
    opt: task,
    environment: {
      AWS_ACCESS_KEY_ID: 'key',
      SLUICE_STAGE: 'dev',
      SLUICE_CONFIG: '/var/task/sluice.json',
      SLUICE_INSTALLATION: 'bench',
      SLUICE_TABLE: 'table',
      SLUICE_QUEUE_SYNC: queue,
      SLUICE_QUEUE_CHECK: queue,
      SLUICE_QUEUE_RELEASE: queue,
      SLUICE_SYNC_CONCURRENCY: '1',
    },
  });
}

/** SQS, DynamoDB and Secrets Manager are on loopback, and slower than those of AWS are from a function. */
async function deliveries(): Promise<readonly Measurement[]> {
  const url = 'https://github.com/acme/shop.git';
  const cluster = { kubeconfig: { aws: 'sluice/dev/kubeconfig/shop' } };
  await using stage = await openLambdaStage({
    settings: { targets: [{ name: 'shop', source: { url, branch: 'main' }, cluster }] },
  });
  const times = { cold: [] as number[], warm: [] as number[] };
  let commits = 0;
  async function deliver(): Promise<number> {
    commits++;
    const begin = performance.now();
    await stage.pushed({ url, after: commits.toString(16).padStart(40, '0') });
    return performance.now() - begin;
  }
  for (let round = 0; round < rounds; round++) {
    await Promise.all(stage.functions.webhook.sandboxes.map((sandbox) => sandbox.kill()));
    times.cold.push(await deliver());
    times.warm.push(await deliver());
  }
  return [
    { what: `event to message, cold; ${senders}`, link: '', ours: times.cold, below: 1000 },
    { what: 'event to message, warm', link: '', ours: times.warm, below: 500 },
  ];
}
