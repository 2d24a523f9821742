import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Source } from '../../../lib/domain/settings/settings.ts';
import { type GitHttp, startGitHttp } from '../../parts/git-http.ts';
import { createRepository } from '../../parts/repository.ts';
import { type Sshd, startSshd } from '../../parts/sshd.ts';
import { checkOut, failureOf, source, testGit } from './shared.ts';

const password = 'ghp_hunter2';
const request = { submodules: false };
let root: string;
let server: GitHttp;
let sshd: Sshd;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'sluice-git-'));
  server = await startGitHttp({ root, password });
  sshd = await startSshd();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await sshd[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

/** What anybody on the machine may see of this process' children and theirs: argument lists and environments. */
async function visible(seen: Map<string, string>): Promise<void> {
  const parents = new Map<string, string>();
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
    parents.set(pid, /^PPid:\t(\d+)/m.exec(status)?.[1] ?? '');
  }
  for (const pid of parents.keys()) {
    let at: string | undefined = pid;
    while (at !== undefined && at !== `${process.pid}`) at = parents.get(at);
    if (at === undefined || pid === `${process.pid}`) continue;
    const arguments_ = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    seen.set(`${pid} ${arguments_}`, await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''));
  }
}

/** Every file below the folder with its mode and text. */
async function filesBelow(folder: string): Promise<{ path: string; mode: number; text: string }[]> {
  const found = [];
  for (const path of await readdir(folder, { recursive: true }).catch(() => [])) {
    const file = join(folder, path);
    const about = await stat(file).catch(() => undefined);
    if (!about?.isFile()) continue;
    found.push({ path, mode: about.mode & 0o777, text: await readFile(file, 'latin1').catch(() => '') });
  }
  return found;
}

it.each(['token', 'sshKey'] as const)(
  'a %s is in no argument list, environment or configuration, and in files that are the own only',
  async (kind) => {
    const repository = await createRepository(root, kind);
    const commit = await repository.commit({ 'a.yaml': '1', 'large.bin': randomBytes(300_000) });
    const secrets = { TOKEN: password, KEY: sshd.privateKey };
    const { git, scratch } = await testGit({ secrets });
    const from: Source =
      kind === 'token'
        ? source(`${server.url}/token.git`, { auth: { token: { env: 'TOKEN' } } })
        : source(`ssh://${sshd.login}:${sshd.port}${repository.bare}`, {
            auth: { sshKey: { env: 'KEY' }, knownHosts: sshd.knownHosts },
          });
    server.bytesPerSecond = 200_000;
    const seen = new Map<string, string>();
    let files: Awaited<ReturnType<typeof filesBelow>> = [];
    let done = false;
    const checkout = checkOut(git, from, commit, request).finally(() => {
      done = true;
    });
    while (!done) {
      await visible(seen);
      const now = await filesBelow(join(scratch, 'git'));
      if (now.some((file) => /credentials\/(password|key)$/.test(file.path))) files = now;
      await sleep(5);
    }
    server.bytesPerSecond = undefined;

    const secret = kind === 'token' ? password : (sshd.privateKey.split('\n')[1] ?? '');
    const programs = [...seen.keys()].join('\n');
    expect(programs).toMatch(/git\0.*fetch\0/);
    expect(programs).toMatch(kind === 'token' ? /remote-http/ : /ssh\0-F\0\/dev\/null\0/);
    expect([...seen.entries()].flat().join('\n')).not.toMatch(secret);
    const holders = files.filter((file) => file.text.includes(secret));
    expect(holders.map((file) => [file.path.split('/').at(-1), file.mode])).toEqual([
      [kind === 'token' ? 'password' : 'key', 0o600],
    ]);

    await using _checkout = await checkout;
    const left = await filesBelow(scratch);
    expect(left.length).toBeGreaterThan(2);
    expect(left.filter((file) => file.text.includes(secret))).toEqual([]);
  },
);

it("nothing of this process' environment reaches git", async () => {
  process.env.SLUICE_TEST_CANARY = 'canary';
  const repository = await createRepository(root, 'canary');
  const commit = await repository.commit({ 'a.yaml': '1', 'large.bin': randomBytes(100_000) });
  const { git } = await testGit({ secrets: { TOKEN: password } });
  server.bytesPerSecond = 100_000;
  const seen = new Map<string, string>();
  let done = false;
  const from = source(`${server.url}/canary.git`, { auth: { token: { env: 'TOKEN' } } });
  const checkout = checkOut(git, from, commit, request).finally(() => {
    done = true;
  });
  while (!done) {
    await visible(seen);
    await sleep(5);
  }
  server.bytesPerSecond = undefined;
  delete process.env.SLUICE_TEST_CANARY;
  await (await checkout)[Symbol.asyncDispose]();
  const fetches = [...seen].filter(([name]) => /^\d+ git\0/.test(name) && name.includes('\0fetch\0'));
  expect(fetches.length).toBeGreaterThan(0);
  for (const [, environment] of fetches) {
    expect(environment).toMatch('GIT_CONFIG_GLOBAL=/dev/null');
    expect(environment).not.toMatch('canary');
  }
});

it('a token is not given to the server that another redirects to', async () => {
  const asked: (string | undefined)[] = [];
  const thief = createServer((incoming, response) => {
    asked.push(incoming.headers.authorization);
    response.writeHead(401, { 'www-authenticate': 'Basic realm="thief"' }).end();
  });
  const thiefUrl = await listen(thief);
  const lure = createServer((incoming, response) => {
    response.writeHead(302, { location: `${thiefUrl}${incoming.url}` }).end();
  });
  const { git } = await testGit({ secrets: { TOKEN: password } });
  const failure = await failureOf(
    git.head(source(`${await listen(lure)}/a.git`, { auth: { token: { env: 'TOKEN' } } })),
  );
  thief.close();
  lure.close();
  expect(failure.fault).toBe('user');
  expect(asked.length).toBeGreaterThan(0);
  expect(asked.filter((header) => header !== undefined)).toEqual([]);
});

function listen(http: Server): Promise<string> {
  return new Promise((resolve) => {
    http.listen(0, '127.0.0.1', () => {
      const address = http.address();
      resolve(`http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`);
    });
  });
}

it('a token of several lines is refused without a word of it', async () => {
  const { git } = await testGit({ secrets: { TOKEN: 'hunter2\nhunter3' } });
  const failure = await failureOf(git.head(source(`${server.url}/token.git`, { auth: { token: { env: 'TOKEN' } } })));
  expect(failure.fault).toBe('user');
  expect(failure.message).toMatch(/the secret \{ env: TOKEN \} is not one line of text$/);
  expect(String(failure.stack)).not.toMatch(/hunter/);
});
