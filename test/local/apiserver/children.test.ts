import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createChildren } from '../../../lib/local/apiserver/children.ts';

let logs: string;
beforeEach(async () => {
  logs = await mkdtemp(join(tmpdir(), 'sluice-children-'));
});
afterEach(() => rm(logs, { recursive: true }));

it('stop ends a program that ignores SIGTERM within six seconds', async () => {
  const children = createChildren();
  children.start('/bin/sh', ['-c', 'trap "" TERM; echo ready; while :; do /bin/sleep 0.1; done'], logs);
  await sleep(200);
  const begin = Date.now();
  await children.stop();
  expect(Date.now() - begin).toBeLessThan(6000);
});

it('check names a program that cannot be started', async () => {
  const children = createChildren();
  children.start('/nowhere/etcd', [], logs);
  expect(() => children.check()).toThrow('Cannot keep "etcd" running: it has ended (it could not be started)');
  await children.stop();
});

it('programs end with a parent that is killed', async () => {
  const module = join(import.meta.dirname, '../../../lib/local/apiserver/children.ts');
  const program = `
    const { createChildren } = await import(${JSON.stringify(module)});
    createChildren().start('/bin/sh', ['-c', 'echo $$ >&2; exec /bin/sleep 60'], ${JSON.stringify(logs)});
    const { readFileSync } = await import('node:fs');
    setInterval(() => {
      const pid = readFileSync(${JSON.stringify(join(logs, 'sh.log'))}, 'utf8').trim();
      if (pid !== '') console.log(pid);
    }, 50);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  const pid = Number(line.toString().split('\n')[0]);
  expect(isAlive(pid)).toBe(true);
  parent.kill('SIGKILL');
  await expect.poll(() => isAlive(pid)).toBe(false);
});

/** A process that has ended, but that nobody has waited for, is a zombie: state Z. */
function isAlive(pid: number): boolean {
  const state = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)]).stdout.toString();
  return state !== '' && !state.startsWith('Z');
}
