import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRepository } from '../../parts/repository.ts';
import { run } from '../../parts/run.ts';
import { type Sshd, startSshd } from '../../parts/sshd.ts';
import { failureOf, source, temporaryFolder, testGit, type World, world, writing } from './shared.ts';

const secrets = { KEY: '' };
let sshd: Sshd;

beforeAll(async () => {
  sshd = await startSshd();
  secrets.KEY = sshd.privateKey;
});
afterAll(() => sshd[Symbol.asyncDispose]());

async function hook(here: World, script: string): Promise<void> {
  const input = `#!/bin/sh\n${script}\n`;
  const file = join(here.repository.bare, 'hooks/pre-receive');
  await run('sh', ['-c', 'cat >"$0" && chmod +x "$0"', file], { input });
}

/** Refuses what is pushed as forges do. */
it.each([
  [
    'GitHub, a protected branch',
    'echo "error: GH006: Protected branch update failed for refs/heads/main." >&2; echo "error: At least 1 approving review is required" >&2; exit 1',
    'the server refuses it: GH006: Protected branch update failed for refs/heads/main. (pre-receive hook declined)',
  ],
  [
    'GitLab, a protected branch',
    'echo; echo "====="; echo "GitLab: You are not allowed to push code to protected branches on this project."; echo "====="; exit 1',
    'the server refuses it: GitLab: You are not allowed to push code to protected branches on this project. (pre-receive hook declined)',
  ],
  ['a hook without a word', 'exit 1', 'the server refuses it: pre-receive hook declined'],
])('%s: the reason is in one line', async (_who, script, state) => {
  await using here = await world();
  await here.repository.commit({ 'a.yaml': '1' });
  await hook(here, script);
  const failure = await failureOf(here.test.writer.commit(writing(here.source, { 'a.yaml': '2' })));
  expect(failure).toMatchObject({ fault: 'user', code: 'Refused' });
  expect(failure.message).toBe(`Cannot push to "main" of "${here.source.url}": ${state}`);
  expect(failure.help).toMatch(/automation.push to pullRequest$/);
});

it('a credential that may read and not write is named with what it lacks', async () => {
  await using here = await world();
  await here.repository.commit({ 'a.yaml': '1' });
  await here.repository.configure('http.receivepack', 'false');
  const failure = await failureOf(here.test.writer.commit(writing(here.source, { 'a.yaml': '2' })));
  expect(failure).toMatchObject({ fault: 'user', code: 'Forbidden' });
  expect(failure.message).toBe(`Cannot push to "main" of "${here.source.url}": the credentials may not write to it`);
  expect(failure.help).toBe(
    'Check that the secret { env: TOKEN } may write to the repository, or give automation.auth one that may',
  );
});

it('a wrong credential is refused before anything is made', async () => {
  await using here = await world();
  await here.repository.commit({ 'a.yaml': '1' });
  const from = { ...here.source, auth: { token: { env: 'WRONG' } } };
  const failure = await failureOf(here.test.writer.commit(writing(from, { 'a.yaml': '2' })));
  expect(failure).toMatchObject({ fault: 'user', code: 'Unauthorized' });
  expect(`${failure.message} ${failure.help}`).not.toContain('ghp_wrong');
});

it.each([
  ['a repository that was archived', 'ERROR: This repository was archived so it is read-only.'],
  ['a deploy key that may only read', 'ERROR: The key you are authenticating with has been marked as read only.'],
  ['a deploy key without write access', 'ERROR: Permission to acme/shop.git denied to deploy key'],
])('over SSH, %s', async (_what, line) => {
  const folder = await temporaryFolder();
  const repository = await createRepository(folder);
  await repository.commit({ 'a.yaml': '1' });
  // What a forge has in place of git's own program.
  const ssh = `#!/bin/sh\ncase "$*" in *git-receive-pack*) echo "${line}" >&2; exit 1;; esac\nexec /usr/bin/ssh "$@"\n`;
  await run('sh', ['-c', 'mkdir "$0" && cat >"$0/ssh" && chmod +x "$0/ssh"', join(folder, 'bin')], { input: ssh });
  const { writer } = await testGit({ secrets, path: `${folder}/bin:/usr/local/bin:/usr/bin:/bin` });
  const from = source(`ssh://${sshd.login}:${sshd.port}${repository.bare}`, {
    auth: { sshKey: { env: 'KEY' }, knownHosts: sshd.knownHosts },
  });
  const failure = await failureOf(writer.commit(writing(from, { 'a.yaml': '2' })));
  expect(failure).toMatchObject({ fault: 'user', code: 'Forbidden' });
  expect(failure.message).toBe(`Cannot push to "main" of "${from.url}": ${line.replace('ERROR: ', '')}`);
});

it('a server that hangs is given up', async () => {
  await using here = await world({ fetchSeconds: 2, headSeconds: 2 });
  await here.repository.commit({ 'a.yaml': '1' });
  const request = writing(here.source, { 'a.yaml': '2' });
  const failure = await failureOf(
    here.test.writer.commit({
      ...request,
      async change(checkout) {
        await checkout.write();
        here.server.fault = 'hang';
        return await request.change(checkout);
      },
    }),
  );
  expect(failure).toMatchObject({ fault: 'server', code: 'Unreachable' });
  expect(failure.message).toBe(`Cannot push to "${here.source.url}": the server needs more than 2 s`);
});

it('a run that is stopped while it pushes ends at once', async () => {
  await using here = await world();
  await here.repository.commit({ 'a.yaml': '1' });
  await hook(here, 'touch held; sleep 30');
  const stop = new AbortController();
  const done = failureOf(here.test.writer.commit(writing(here.source, { 'a.yaml': '2' }, { signal: stop.signal })));
  const held = () => run('ls', [here.repository.bare]);
  await expect.poll(held, { timeout: 20_000 }).toContain('held');
  stop.abort();
  expect(await done).toMatchObject({ code: 'Aborted' });
});

it('a branch that is not there is missing', async () => {
  await using here = await world();
  await here.repository.commit({ 'a.yaml': '1' });
  const from = { ...here.source, branch: 'release' };
  const failure = await failureOf(here.test.writer.commit(writing(from, { 'a.yaml': '2' })));
  expect(failure).toMatchObject({ fault: 'missing', code: 'NoBranch' });
});

it('a token for a repository that is read over SSH goes over https to the same host', async () => {
  const { writer } = await testGit({ secrets: { TOKEN: 'ghp_hunter2' } });
  const from = source('git@127.0.0.1:acme/shop.git', { auth: { token: { env: 'TOKEN' } } });
  const failure = await failureOf(writer.commit(writing(from, { 'a.yaml': '2' })));
  expect(failure.message).toMatch(/^Cannot read "https:\/\/127\.0\.0\.1\/acme\/shop\.git": the server does not answer/);
});

it.each([
  ['../a.yaml', 'it is not a path inside the repository'],
  ['/etc/passwd', 'it is not a path inside the repository'],
  ['./a.yaml', 'it is not a path inside the repository'],
  ['', 'it is not a path inside the repository'],
  ['.git/config', 'no file may have this name'],
  ['apps/.GIT/config', 'no file may have this name'],
  ['a\nb.yaml', 'its name holds control characters'],
  ['link.yaml', 'it is a symbolic link'],
  ['folder-link/a.yaml', '"folder-link" is a symbolic link'],
  ['apps', 'it is a folder'],
  ['a.yaml/b.yaml', '"a.yaml" is no folder'],
])('the path %j is refused', async (path, state) => {
  const repository = await createRepository(await temporaryFolder());
  const files = { 'a.yaml': '1', 'apps/a.yaml': '1', 'link.yaml': { link: 'a.yaml' }, 'folder-link': { link: 'apps' } };
  await repository.commit(files);
  const { writer } = await testGit();
  const failure = await failureOf(writer.commit(writing(source(repository.url), { [path]: '2' })));
  expect(failure.fault).toBe('user');
  expect(failure.message).toBe(`Cannot commit "${path}": ${state}`);
});

it.each([
  [{ name: 'A\nB', email: 'a@b' }, 'name "A\\nB": it holds control characters'],
  [{ name: 'A\0', email: 'a@b' }, 'name "A\\u0000": it holds control characters'],
  [{ name: 'A <b>', email: 'a@b' }, 'name "A <b>": it holds < or >'],
  [{ name: ' . ', email: 'a@b' }, 'name " . ": it holds no letter or digit'],
  [{ name: 'A', email: '' }, 'email "": it holds no letter or digit'],
])('the author %j is refused', async (author, state) => {
  const { writer } = await testGit();
  const failure = await failureOf(writer.commit(writing(source('file:///none'), { 'a.yaml': '2' }, { author })));
  expect(failure.message).toBe(`Cannot commit with the author's ${state}`);
});

it.each([
  ['\n', 'it is empty'],
  ['a\0b', 'it is not UTF-8 text'],
  ['\ud800', 'it is not UTF-8 text'],
])('the message %j is refused', async (message, state) => {
  const repository = await createRepository(await temporaryFolder());
  await repository.commit({ 'a.yaml': '1' });
  const { writer } = await testGit();
  const failure = await failureOf(writer.commit(writing(source(repository.url), { 'a.yaml': '2' }, { message })));
  expect(failure.message).toBe(`Cannot commit with this message: ${state}`);
});
