import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { describeCluster } from '../parts/api-server.ts';
import { testEnvironment } from '../parts/run.ts';
import type { Serve } from './serve.ts';
import { configMap, openStage, revisionOf } from './stage.ts';

const main = join(import.meta.dirname, '../../lib/cli/main.ts');

describeCluster('the end of a target', (kubeconfig) => {
  it('sluice delete removes what was pushed, and the next push creates it again', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    const first = await serve.push({ 'all.yaml': `${configMap('a')}---\n${configMap('b')}` });
    await serve.ended(first.run);
    expect(Object.keys(await stage.configMaps())).toEqual(['a', 'b']);

    const { code, out } = await sluice(serve, 'delete', 'shop', '--yes');
    expect(code).toBe(0);
    expect(out).toMatch(/^Deleting the objects of "shop"\n.*\nDone: 2 deleted\.\n"shop" is still in sluice\.yaml/s);
    expect(await stage.configMaps()).toEqual({});
    const parent = `/api/v1/namespaces/${stage.namespace}/configmaps/sluice-shop`;
    expect((await stage.api('GET', parent)).status).toBe(404);
    const [run] = await serve.runs('shop');
    expect(run).toMatchObject({ kind: 'delete', status: 'succeeded', revision: revisionOf(first.commit) });
    expect((await sluice(serve, 'status')).out).toMatch(/^shop +deleted +- /m);

    const second = await serve.push({ 'more.yaml': configMap('c') });
    expect(await serve.ended(second.run)).toMatchObject({ status: 'succeeded', changes: { created: 3 } });
  });

  it('a target that left sluice.yaml is orphaned and left alone until it is back, suspended, and deleted', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    await serve.ended((await serve.push({ 'all.yaml': configMap('a') })).run);
    const file = join(serve.directory, 'sluice.yaml');
    const settings = parse(await readFile(file, 'utf8'));
    const [shop] = settings.targets;

    await serve.stop();
    await writeFile(file, stringify({ ...settings, targets: [{ ...shop, name: 'other', suspend: true }] }));
    await serve.restart();
    expect((await serve.request('GET', '/v1/targets')).body.targets).toMatchObject([
      { name: 'other' },
      { name: 'shop', orphaned: true },
    ]);
    expect(await sluice(serve, 'delete', 'shop', '--yes')).toMatchObject({
      code: 1,
      err: expect.stringContaining('put it back with suspend: true'),
    });
    expect(Object.keys(await stage.configMaps())).toEqual(['a']);

    await serve.stop();
    await writeFile(file, stringify({ ...settings, targets: [{ ...shop, suspend: true }] }));
    await serve.restart();
    expect(await sluice(serve, 'delete', 'shop', '--orphan', '--yes')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/Done: 1 configured\.\n$/),
    });
    expect(await stage.configMaps()).toEqual({});
    expect((await stage.api('GET', `/api/v1/namespaces/${stage.namespace}/configmaps/a`)).status).toBe(200);
  });
});

interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function sluice(serve: Serve, ...args: readonly string[]): Promise<Result> {
  const env = { ...testEnvironment, SLUICE_URL: serve.url, SLUICE_TOKEN: serve.token };
  const child = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const code = new Promise<number | null>((resolve) => child.on('close', resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, out, err };
}
