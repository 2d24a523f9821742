import { randomBytes } from 'node:crypto';
import { rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Run } from '../../lib/api.ts';
import { describeCluster } from '../parts/api-server.ts';
import { run } from '../parts/run.ts';
import { configMap, openStage, type StageServe } from './stage.ts';

// A disk of its own needs root; that SQLite's answer is told and survived is tried without in test/adapters/sqlite.
const mayMount = process.getuid?.() === 0;

const kibibyte = 1024;

interface Disk extends AsyncDisposable {
  /** Leaves so many bytes free. */
  fill(left?: number): Promise<void>;
  empty(): Promise<void>;
}

/** Starts serve anew with its data on a disk of 8 MiB. */
async function onSmallDisk(serve: StageServe): Promise<Disk> {
  await serve.stop();
  await run('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', serve.data]);
  await serve.restart();
  const ballast = join(serve.data, 'ballast');
  return {
    async fill(left = 0) {
      const { bavail, bsize } = await statfs(serve.data);
      await writeFile(ballast, Buffer.alloc(Math.max(bavail * bsize - left, 0)));
    },
    empty: () => rm(ballast),
    async [Symbol.asyncDispose]() {
      await serve.kill();
      await run('umount', [serve.data]);
    },
  };
}

describeCluster('a full disk', (kubeconfig) => {
  it.skipIf(!mayMount)('makes a delivery 503, and the same delivery is taken once there is space', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    await using disk = await onSmallDisk(serve);
    const { url } = stage.repository;
    const first = await serve.push({ 'a.yaml': configMap('a', { revision: '1' }) });
    await serve.ended(first.run);
    const after = await stage.repository.commit({ 'a.yaml': configMap('a', { revision: '2' }) });
    await disk.fill();

    // What is left of the last page takes some: none of them is lost.
    const taken: string[] = [];
    let refused: Awaited<ReturnType<StageServe['deliver']>> | undefined;
    for (let number = 0; refused === undefined && number < 500; number++) {
      const answer = await serve.deliver({ url, after, delivery: `delivery-${number}` });
      if (answer.status === 202) taken.push(...answer.body.runs);
      else refused = answer;
    }
    expect(refused).toEqual({
      status: 503,
      body: { error: { fault: 'server', message: 'Cannot queue the delivery', help: 'Try again in a few seconds' } },
    });
    expect(serve.output).toContain('sluice.db\\": the disk is full');
    expect((await serve.request('GET', '/healthz')).status).toBe(200);
    expect((await serve.request('GET', '/v1/targets')).body.targets).toMatchObject([{ name: 'shop' }]);

    await disk.empty();
    const [last = ''] = await serve.pushed({ url, after, delivery: `delivery-${taken.length}` });
    for (const id of [...taken, last]) expect((await serve.ended(id)).status).toMatch(/^(succeeded|skipped)$/);
    expect(await stage.configMaps()).toEqual({ a: { revision: '2' } });
  });

  it.skipIf(!mayMount)('makes a run wait and say so, and the same run succeeds once there is space', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    await using disk = await onSmallDisk(serve);
    await serve.ended((await serve.push({ 'a.yaml': configMap('a', { revision: '1' }) })).run);
    await disk.fill(512 * kibibyte);
    const picture = randomBytes(2048 * kibibyte);
    const { run: id } = await serve.push({ 'a.yaml': configMap('a', { revision: '2' }), 'picture.png': picture });
    expect(await attempted(serve, id)).toMatchObject({
      status: 'queued',
      error: {
        fault: 'server',
        message: expect.stringMatching(/^Cannot .*: the scratch disk is full$/),
        help: 'Free space on the disk that holds the scratch folder. It is tried again after 5 s',
      },
    });
    expect(await stage.configMaps()).toEqual({ a: { revision: '1' } });

    await disk.empty();
    expect(await serve.ended(id)).toMatchObject({ status: 'succeeded', changes: { configured: 1 } });
    expect(await stage.configMaps()).toEqual({ a: { revision: '2' } });
  });
});

/** The run after its first attempt. */
async function attempted(serve: StageServe, id: string): Promise<Run> {
  for (let tries = 0; tries < 300; tries++) {
    const run = await serve.run(id);
    if (run.error !== undefined || run.finishedAt !== undefined) return run;
    await sleep(50);
  }
  throw new Error(`nothing is said of run ${id}:\n${serve.output}`);
}
