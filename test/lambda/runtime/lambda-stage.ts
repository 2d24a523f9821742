import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe } from 'vitest';
import { type FunctionName, functionNames } from '../../../infra/bundle-function.ts';
import { Run } from '../../../lib/api.ts';
import { type Packaged, type Properties, packaged } from '../../infra/packaged.ts';
import { type Cloud, startCloud } from './cloud.ts';
import { type EventSource, type EventSourceOptions, startEventSource } from './event-source.ts';
import { createFunctionPool, type FunctionPool } from './function-pool.ts';
import { clockFlag, layOutLayers, setClock } from './layers.ts';
import { httpEvent, type Push, pushEvent, webhookSecret } from './requests.ts';
import { runtimeClient } from './sandbox.ts';
import { unzip } from './unzip.ts';

/** A suite that needs the runtime client, and namespaces: skipped, in print, without them; with CI=true their absence is a failure. */
export function describeLambda(name: string, suite: () => void): void {
  const isHere = existsSync(join(runtimeClient, 'rapid-client.node'));
  if (isHere && process.getuid?.() === 0) describe(name, suite);
  else if (process.env.CI === 'true')
    throw new Error(`${name}: run "npm ci --prefix test/lambda/client"; with CI=true a skip is a failure`);
  else describe.skip(`${name} (needs root, and "npm ci --prefix test/lambda/client")`, () => undefined);
}

export interface LambdaStageSetup {
  /** Of sluice.yaml, as it travels with the functions; a webhook `github` and a token are added. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** The same, in S3 instead. */
  readonly inS3?: boolean;
  /** The clocks of the functions can be moved. */
  readonly clock?: boolean;
  /** Of a server that the functions believe, PEM. */
  readonly certificate?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at any field of any answer.
  readonly body: any;
}

/** A stage as it would be in AWS: the packaged functions in the real runtime, on loopback. */
export interface LambdaStage extends AsyncDisposable {
  readonly cloud: Cloud;
  readonly template: Packaged;
  readonly functions: Readonly<Record<FunctionName, FunctionPool>>;
  /** A request as the HTTP API hands it over. */
  http(name: 'webhook' | 'api', event: Properties): Promise<HttpAnswer>;
  /** The signed webhook of a push. */
  deliver(push: Push): Promise<HttpAnswer>;
  /** The runs of a delivery that was answered 202. */
  pushed(push: Push): Promise<readonly string[]>;
  /** Lambda takes messages from the queues from now on. */
  work(workers?: number, options?: EventSourceOptions): void;
  readonly eventSources: readonly EventSource[];
  /** How far the clocks of the functions are ahead from now on. */
  moveClock(milliseconds: number): Promise<void>;
  run(id: string): Promise<Run>;
  ended(id: string, seconds?: number): Promise<Run>;
}

const token = 'api-t0ken';
const config = 's3://acme-config/sluice.yaml';

export async function openLambdaStage({
  settings = {},
  inS3 = false,
  clock = false,
  certificate,
}: LambdaStageSetup = {}): Promise<LambdaStage> {
  const document = {
    version: 1,
    webhooks: [{ id: 'github', sender: 'github', secret: { aws: 'sluice/dev/webhook/github' } }],
    api: { tokens: [{ name: 'ops', role: 'admin', secret: { ssm: '/sluice/dev/api/ops' } }] },
    targets: [],
    ...settings,
  };
  const template = await packaged(
    inS3 ? { params: [`config=${config}`, 'configObject=acme-config/sluice.yaml'] } : { document },
  );
  const cloud = await startCloud(template, inS3 ? ['ConfigInS3'] : []);
  cloud.secrets.set('sluice/dev/webhook/github', webhookSecret);
  cloud.secrets.set('/sluice/dev/api/ops', token);
  if (inS3) cloud.objects.set('s3:::acme-config/sluice.yaml', JSON.stringify(document));
  const opt = await layOutLayers();
  const noLayers = join(template.directory, 'no-layers');
  await mkdir(noLayers);

  async function moveClock(milliseconds: number): Promise<void> {
    for (const directory of [opt, noLayers]) await setClock(directory, milliseconds);
  }

  await moveClock(0);
  if (certificate !== undefined)
    for (const directory of [opt, noLayers]) await writeFile(join(directory, 'ca.pem'), certificate);
  const environment = {
    ...(clock && clockFlag),
    ...(certificate !== undefined && { NODE_EXTRA_CA_CERTS: '/opt/ca.pem' }),
  };
  const setup: PoolSetup = { template, cloud, opt, noLayers, environment };
  const pools = await Promise.all(functionNames.map(async (name) => [name, await poolOf(name, setup)] as const));
  const functions = Object.fromEntries(pools) as Record<FunctionName, FunctionPool>;
  const eventSources: EventSource[] = [];

  async function http(name: 'webhook' | 'api', event: Properties): Promise<HttpAnswer> {
    const { statusCode, headers, body } = (await functions[name].invoke(event)) as Properties;
    return { status: statusCode, headers, body: body === '' ? undefined : JSON.parse(body) };
  }

  async function deliver(push: Push): Promise<HttpAnswer> {
    return await http('webhook', pushEvent(push));
  }

  async function run(id: string): Promise<Run> {
    const headers = { authorization: `Bearer ${token}` };
    const { status, body } = await http('api', httpEvent('GET', `/v1/runs/${id}`, { headers }));
    if (status !== 200) throw new Error(`the run was answered ${status} ${JSON.stringify(body)}`);
    return Run.parse(body);
  }

  return {
    cloud,
    template,
    functions,
    eventSources,
    moveClock,
    http,
    deliver,
    async pushed(push) {
      const { status, body } = await deliver(push);
      if (status !== 202)
        throw new Error(`the delivery was answered ${status} ${JSON.stringify(body)}\n${functions.webhook.output}`);
      return body.runs;
    },
    work(workers = 1, options = {}) {
      for (const [key, name] of [
        ['SyncEventSourceMappingSQSSyncQueue', 'sync'],
        ['ReleaseEventSourceMappingSQSReleaseQueue', 'release'],
        ['CheckEventSourceMappingSQSCheckQueue', 'check'],
      ] as const) {
        const { Properties: mapping = {} } = template.resources[key] ?? {};
        eventSources.push(startEventSource({ cloud, mapping, pool: functions[name], workers, ...options }));
      }
    },
    run,
    async ended(id, seconds = 60) {
      let last: Run | undefined;
      for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(200)) {
        last = await run(id);
        if (last.status !== 'queued' && last.status !== 'running') return last;
      }
      const output = [functions.sync.output, functions.release.output, functions.check.output].join('\n');
      throw new Error(`after ${seconds} s the run is ${JSON.stringify(last, undefined, 2)}\n${output}`);
    },
    async [Symbol.asyncDispose]() {
      const stopping = eventSources.map((source) => source[Symbol.asyncDispose]());
      await Promise.all(Object.values(functions).map((pool) => pool[Symbol.asyncDispose]()));
      await Promise.all(stopping);
      await cloud[Symbol.asyncDispose]();
      await template[Symbol.asyncDispose]();
      await rm(opt, { recursive: true, force: true });
    },
  };
}

interface PoolSetup {
  readonly template: Packaged;
  readonly cloud: Cloud;
  readonly opt: string;
  readonly noLayers: string;
  readonly environment: Readonly<Record<string, string>>;
}

async function poolOf(
  name: FunctionName,
  { template, cloud, opt, noLayers, environment }: PoolSetup,
): Promise<FunctionPool> {
  const logicalId = `${name[0]?.toUpperCase()}${name.slice(1)}LambdaFunction`;
  const { Properties: found = {} } = template.resources[logicalId] ?? {};
  const task = join(template.directory, `${name}-task`);
  await unzip(join(template.directory, `${name}.zip`), task);
  const variables = Object.entries(found.Environment.Variables).map(([key, value]) => [
    key,
    deployedValue(value, cloud),
  ]);
  return createFunctionPool({
    name: found.FunctionName,
    handler: found.Handler,
    memory: found.MemorySize,
    timeoutSeconds: found.Timeout,
    task,
    opt: found.Layers === undefined ? noLayers : opt,
    environment: {
      ...Object.fromEntries(variables),
      // Whose role it is: the cloud allows what the template allows it.
      AWS_ACCESS_KEY_ID: found.Role['Fn::GetAtt'][0],
      AWS_ENDPOINT_URL: cloud.endpoint,
      ...environment,
    },
  });
}

/** What CloudFormation makes of a value of the template. */
function deployedValue(value: unknown, cloud: Cloud): string {
  if (typeof value === 'string') return value;
  const { Ref, ...intrinsic } = value as Properties;
  if (Ref === 'Table') return cloud.table;
  if (Ref !== undefined) return cloud.queueUrl(Ref);
  return intrinsic['Fn::Sub'].replaceAll(/\$\{AWS::(\w+)\}/g, '$1');
}
