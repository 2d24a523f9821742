import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { doneRun, startFixture } from './serve-fixture.ts';

const bin = join(import.meta.dirname, '../../lib/cli/sluice.js');
const asNode20 = `data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.19.0'}})`;

/** The bin under a Node that says that it is 20. */
function start(path: string, ...args: string[]): ChildProcess {
  return spawn(process.execPath, ['--import', asNode20, path, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function read(child: ChildProcess): Promise<{ code: number | null; signal: string | null; text: string }> {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk) => {
      text += chunk;
    });
  }
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, text })));
}

it('the bin can be executed', () => {
  expect(statSync(bin).mode & 0o111).toBe(0o111);
});

it('the bin under an old Node goes on with the Node of the checkout, and passes its exit code on', async () => {
  const version = await read(start(bin, 'version'));
  expect(version).toMatchObject({ code: 0, text: expect.stringMatching(/^sluice \d.* \(node v24/) });
  expect(await read(start(bin, 'snyc'))).toMatchObject({ code: 1 });
});

it('the bin under an old Node without another says in one line what is missing', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-bin-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'sluice.mjs');
  copyFileSync(bin, path);
  const { code, text } = await read(start(path, 'version'));
  expect(code).toBe(2);
  expect(text).toMatch(/^sluice: Node 24 or newer is missing \(this is v[\d.]+\): run "npm ci" .*\n$/);
});

it('the bin under an old Node passes SIGTERM on and ends by it', async () => {
  await using fixture = await startFixture();
  fixture.steps = [{ ...doneRun, status: 'running' }];
  const child = start(bin, 'sync', 'docs', '--url', fixture.url, '--token', 'deployer-token');
  const ended = read(child);
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  child.kill('SIGTERM');
  expect(await ended).toMatchObject({ code: null, signal: 'SIGTERM' });
});
