import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CommandOptions, type CommandResult, runCommand } from '../lib/process.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sluice-process-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function shell(script: string, options: Partial<CommandOptions> = {}): Promise<CommandResult> {
  return runCommand('/bin/sh', ['-c', script], { directory, environment: {}, timeoutSeconds: 20, ...options });
}

/** True once no process has this id any more. */
async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 50; tries++) {
    // A killed process whose parent is gone may stay as a zombie where nobody reaps; that is gone, too.
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    if (state === '' || /\) Z /.test(state)) return true;
    await sleep(20);
  }
  return false;
}

describe('runCommand', () => {
  it('gives exit code, output and errors, in the directory it was told', async () => {
    const { code, stdout, stderr } = await shell('pwd; echo wrong >&2; exit 3');
    expect({ code, stdout: stdout.toString('utf8'), stderr }).toEqual({
      code: 3,
      stdout: `${directory}\n`,
      stderr: 'wrong\n',
    });
  });

  it('passes arguments and input on as they are', async () => {
    const args = ['-c', 'printf "%s|" "$@"; cat', 'sh', '$HOME', 'a b', '; exit 9', ''];
    const { stdout } = await runCommand('/bin/sh', args, {
      directory,
      environment: {},
      timeoutSeconds: 20,
      input: 'ü\n',
    });
    expect(stdout.toString('utf8')).toBe('$HOME|a b|; exit 9||ü\n');
  });

  it('gives a child its own environment and nothing of ours', async () => {
    process.env.SLUICE_TEST_LEAK = 'secret';
    try {
      const { stdout } = await runCommand('/usr/bin/env', [], {
        directory,
        environment: { A: 'b' },
        timeoutSeconds: 20,
      });
      expect(stdout.toString('utf8')).toBe('A=b\n');
    } finally {
      delete process.env.SLUICE_TEST_LEAK;
    }
  });

  it('tells a program that a signal has ended', async () => {
    expect((await shell('kill -9 $$')).code).toBe(-1);
  });

  it('bears a child that does not read its input', async () => {
    expect((await shell('exit 0', { input: 'x'.repeat(1_000_000) })).code).toBe(0);
  });

  it('ends the whole group when the time is up', async () => {
    const started = performance.now();
    const run = shell('sh -c "sleep 60 & echo \\$! >> pids; echo \\$\\$ >> pids; wait" & echo $$ >> pids; wait', {
      timeoutSeconds: 0.5,
    });
    await expect(run).rejects.toMatchObject({
      fault: 'server',
      code: 'Timeout',
      message: 'Cannot finish "sh": no end after 0.5 s',
    });
    expect(performance.now() - started).toBeLessThan(3000);
    const pids = (await readFile(join(directory, 'pids'), 'utf8')).trim().split('\n').map(Number);
    expect(pids).toHaveLength(3);
    for (const pid of pids) expect(await isGone(pid)).toBe(true);
  });

  it('does not wait for a descendant that has left the group and holds the pipes', async () => {
    const started = performance.now();
    await expect(shell('setsid sleep 4 & sleep 60', { timeoutSeconds: 0.5 })).rejects.toMatchObject({
      code: 'Timeout',
    });
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('leaves nobody behind when the program ends by itself', async () => {
    const started = performance.now();
    const { code, stdout } = await shell('sleep 60 & echo $!');
    expect(code).toBe(0);
    expect(await isGone(Number(stdout.toString('utf8')))).toBe(true);
    expect(performance.now() - started).toBeLessThan(3000);
  });

  it('ends a program that prints more than is accepted', async () => {
    const run = shell('yes; touch after', { maxOutput: 10_000 });
    await expect(run).rejects.toMatchObject({
      fault: 'user',
      code: 'TooLarge',
      message: 'Cannot read what "sh" prints: more than 10000 bytes',
    });
    expect(existsSync(join(directory, 'after'))).toBe(false);
    expect((await shell('head -c 10000 /dev/zero', { maxOutput: 10_000 })).stdout).toHaveLength(10_000);
  });

  it('keeps the end of long errors', async () => {
    const { stderr } = await shell('head -c 200000 /dev/zero | tr "\\0" x >&2; echo end >&2');
    expect(stderr).toHaveLength(65_536);
    expect(stderr.endsWith('xend\n')).toBe(true);
  });

  it('stops with the run, and starts nothing for a run that has stopped', async () => {
    const started = performance.now();
    const stopped = { fault: 'server', code: 'Aborted', message: 'Cannot finish "sh": the run was stopped' };
    await expect(shell('sleep 60', { signal: AbortSignal.timeout(200) })).rejects.toMatchObject(stopped);
    await expect(shell('touch never', { signal: AbortSignal.abort() })).rejects.toMatchObject(stopped);
    expect(performance.now() - started).toBeLessThan(3000);
    expect(existsSync(join(directory, 'never'))).toBe(false);
  });

  it('names a program that is not there', async () => {
    const run = runCommand('/nowhere/helm', [], { directory, environment: {}, timeoutSeconds: 20 });
    await expect(run).rejects.toMatchObject({
      fault: 'server',
      code: 'NotStarted',
      message: 'Cannot start "helm": spawn /nowhere/helm ENOENT',
    });
  });
});
