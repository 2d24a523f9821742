import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Fault, type FaultProxy, type FaultRule, startFaultProxy } from '../fakes/fault-proxy.ts';
import { describeCluster } from '../parts/api-server.ts';
import { createRepository, type FileContents, type Repository } from '../parts/repository.ts';
import { configMap, openStage, type Stage, type StageServe } from './stage.ts';

function status(code: number, reason: string, message: string): Fault {
  return { answer: code, body: { kind: 'Status', code, reason, message } };
}

const tooMany: Fault = {
  ...status(429, 'TooManyRequests', 'Too many requests, please try again later.'),
  headers: { 'retry-after': '1' },
};
const conflict = status(
  409,
  'Conflict',
  'the object has been modified; please apply your changes to the latest version',
);
const unavailable: Fault = { answer: 503, body: 'upstream connect error', headers: { 'content-type': 'text/plain' } };
const internal = status(500, 'InternalError', 'Internal error occurred: the disk of etcd is slow');

/** What goes wrong while a target applies `changed` and deletes `dropped`; of a `PATCH` it is that of `changed`. */
const faults: Readonly<Record<string, readonly FaultRule[]>> = {
  'too-many': [
    { method: 'GET', times: 1, fault: tooMany },
    { method: 'PATCH', times: 2, fault: tooMany },
    { method: 'DELETE', times: 1, fault: tooMany },
  ],
  conflict: [
    { method: 'PATCH', times: 2, fault: conflict },
    { method: 'DELETE', times: 1, fault: conflict },
  ],
  unavailable: [
    { method: 'GET', times: 2, fault: unavailable },
    { method: 'PATCH', times: 2, fault: unavailable },
  ],
  'cut-before': ['GET', 'PATCH', 'DELETE'].map((method) => ({ method, times: 2, fault: { reset: 'before' } })),
  'cut-after': ['GET', 'PATCH', 'DELETE'].map((method) => ({ method, times: 2, fault: { reset: 'after' } })),
  truncated: ['GET', 'PATCH', 'DELETE'].map((method) => ({ method, times: 1, fault: { truncate: 30 } })),
  trickling: ['GET', 'PATCH', 'DELETE'].map((method) => ({ method, times: 1, fault: { bytesPerSecond: 2000 } })),
  late: ['GET', 'PATCH', 'DELETE'].map((method) => ({ method, times: 1, fault: { delayMs: 1500 } })),
  'internal-error': [{ method: 'PATCH', times: 1, fault: internal }],
};

describeCluster('an API server', (kubeconfig) => {
  const names = [...Object.keys(faults), 'overloaded'];
  const repositories = new Map<string, Repository>();
  let proxy: FaultProxy;
  let stage: Stage;
  let serve: StageServe;

  beforeAll(async () => {
    stage = await openStage(kubeconfig);
    proxy = await startFaultProxy(kubeconfig);
    await Promise.all(names.map(async (name) => repositories.set(name, await createRepository(stage.directory, name))));
    serve = await stage.serve({
      others: names.map((name) =>
        stage.targetOf(name, {
          source: { url: repositories.get(name)?.url, branch: 'main' },
          cluster: { kubeconfig: { file: 'proxy' } },
        }),
      ),
      secrets: { proxy: readFileSync(proxy.kubeconfig, 'utf8') },
    });
  });
  afterAll(async () => {
    await serve[Symbol.asyncDispose]();
    await proxy[Symbol.asyncDispose]();
    await stage[Symbol.asyncDispose]();
  });

  async function push(name: string, files: Readonly<Record<string, FileContents>>): Promise<string> {
    const repository = repositories.get(name);
    if (repository === undefined) throw new Error(`there is no repository ${name}`);
    const after = await repository.commit(files);
    const [run = ''] = await serve.pushed({ url: repository.url, after });
    return run;
  }

  /** Applies `changed` and `dropped`, sets the rules, and pushes a commit that changes the one and drops the other. */
  async function pushInto(name: string, rules: readonly FaultRule[]): Promise<string> {
    const before = { 'a.yaml': configMap(`${name}-changed`, { a: '1' }), 'b.yaml': configMap(`${name}-dropped`) };
    expect(await serve.ended(await push(name, before))).toMatchObject({ status: 'succeeded' });
    for (const rule of rules) proxy.fail({ path: new RegExp(`/(sluice-)?${name}(-changed|-dropped)?\\b`), ...rule });
    return await push(name, { 'a.yaml': configMap(`${name}-changed`, { a: '2' }), 'b.yaml': null });
  }

  async function expectDone(name: string): Promise<void> {
    const live = await stage.configMaps();
    expect([live[`${name}-changed`], live[`${name}-dropped`]]).toEqual([{ a: '2' }, undefined]);
  }

  it.concurrent.each(Object.entries(faults))(
    'whose answers are %s is waited for, and the sync ends right',
    async (name, rules) => {
      const run = await serve.ended(await pushInto(name, rules), 60);
      expect(run).toMatchObject({ status: 'succeeded' });
      await expectDone(name);
      const patches = proxy.count('PATCH', new RegExp(`/${name}-changed\\b`));
      const asked = rules.find(({ method }) => method === 'PATCH')?.times ?? 0;
      const isSentAgain = !['trickling', 'late'].includes(name);
      expect(patches).toBeGreaterThanOrEqual(2 + (isSentAgain ? asked : 0));
    },
  );

  it.concurrent('that refuses for long ends the attempt, which says so and is made again', async () => {
    const name = 'overloaded';
    const id = await pushInto(name, [{ method: 'PATCH', times: 7, fault: tooMany }]);
    let run = await serve.run(id);
    for (let tries = 0; run.error === undefined && tries < 600; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      run = await serve.run(id);
    }
    expect(run).toMatchObject({
      status: 'queued',
      changes: { failed: 1, skipped: 1, deleted: 0 },
      error: {
        fault: 'server',
        message: `Cannot apply "${stage.namespace}:configmap/${name}-changed" of a.yaml:1: Too many requests, please try again later.`,
        help: 'Nothing is deleted until it is applied. It is tried again after 5 s',
      },
    });
    expect(await serve.ended(id, 60)).toMatchObject({ status: 'succeeded', changes: { configured: 1, deleted: 1 } });
    await expectDone(name);
  });
});
