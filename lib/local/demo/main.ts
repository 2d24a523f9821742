import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkGit } from '../../adapters/git/check-git.ts';
import { Run, RunPage } from '../../api.ts';
import { readEnvironment } from '../../config.ts';
import { asFailure, Failure } from '../../domain/failure.ts';
import { freePort } from '../apiserver/free-port.ts';
import { type DemoCluster, openCluster } from './cluster.ts';
import { help, readOptions } from './options.ts';
import { createRepository, type Repository } from './repository.ts';
import { firstRevision, paths, secondRevision } from './shop.ts';

const project = resolve(import.meta.dirname, '../../..');
const directory = join(project, '.sluice/demo');
const environment = readEnvironment();

function say(line = ''): void {
  process.stdout.write(`${line}\n`);
}

async function demo(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === 'help') return say(help.trimEnd());
  await checkGit(environment.path);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());

  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  say('Sluice: a push becomes objects in a cluster.');
  say();
  say('1. A cluster');
  await using cluster = await openCluster(directory, options.current, environment);
  say(`   ${cluster.description}`);

  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const token = await writeSecrets();
  const repository = await createRepository(directory, hookFor(url), environment.path);
  await writeFile(join(directory, 'sluice.yaml'), settings(repository, cluster));
  say('2. A git repository with plain YAML, a kustomize overlay and a chart, and settings that bind it to the cluster');
  say(`   ${show(repository.work)}, ${show(join(directory, 'sluice.yaml'))}`);

  const server = serve(port);
  try {
    await untilHealthy(url, server);
    say(`3. sluice serve on ${url}, its log in ${show(join(directory, 'serve.log'))}`);
    say();
    say('4. git push: the repository signs a GitHub push webhook and sends it');
    await pushAndShow(repository, firstRevision, 'Open the shop', { url, token });
    say();
    say('5. git push of a second commit: one object changed, one removed');
    await pushAndShow(repository, secondRevision, 'Raise a price, end an offer', { url, token });
    say();
    next(url, repository, cluster);
    await Promise.race([once(stop.signal, 'abort'), once(server, 'exit')]);
    say();
    say('Stopping.');
  } finally {
    server.kill('SIGTERM');
    if (server.exitCode === null) await once(server, 'exit');
  }
}

function show(path: string): string {
  return relative(process.cwd(), path) || '.';
}

async function writeSecrets(): Promise<string> {
  const token = randomBytes(18).toString('base64url');
  await writeFile(join(directory, 'webhook-secret'), `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  await writeFile(join(directory, 'token'), `${token}\n`, { mode: 0o600 });
  return token;
}

function hookFor(url: string): string {
  const parts = [
    process.execPath,
    join(import.meta.dirname, 'push-hook.ts'),
    `${url}/webhooks/shop`,
    `file://${join(directory, 'shop.git')}`,
    join(directory, 'webhook-secret'),
  ];
  return parts.map((part) => `'${part.replaceAll("'", "'\\''")}'`).join(' ');
}

function settings(repository: Repository, cluster: DemoCluster): string {
  return `version: 1
webhooks:
  - { id: shop, sender: github, secret: { file: webhook-secret } }
api:
  tokens: [{ name: demo, role: admin, secret: { file: token } }]
targets:
  - name: shop
    source: { url: ${JSON.stringify(repository.url)}, branch: main, paths: ${JSON.stringify(paths)} }
    cluster: { kubeconfig: { file: ${JSON.stringify(cluster.kubeconfig)} } }
    interval: 0 # no sweeps: what you see comes from pushes
`;
}

function serve(port: number): ChildProcess {
  const main = join(project, 'lib/cli/main.ts');
  const args = [main, 'serve', '--config', join(directory, 'sluice.yaml'), '--port', String(port), '--data', directory];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const log = createWriteStream(join(directory, 'serve.log'), { mode: 0o600 });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  return child;
}

async function untilHealthy(url: string, server: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (server.exitCode !== null) break;
    const answer = await fetch(`${url}/healthz`).catch(() => undefined);
    if (answer?.ok) return;
    await sleep(50);
  }
  throw new Failure('server', `Cannot start "sluice serve" for the demo: see ${show(join(directory, 'serve.log'))}`);
}

interface Server {
  readonly url: string;
  readonly token: string;
}

const longestMs = 60_000;

async function pushAndShow(
  repository: Repository,
  files: Readonly<Record<string, string | undefined>>,
  message: string,
  server: Server,
): Promise<void> {
  const begun = performance.now();
  const commit = await repository.push(files, message);
  const pushed = performance.now();
  say(`   ${commit.slice(0, 7)} "${message}" pushed and its webhook delivered in ${Math.round(pushed - begun)} ms`);
  const applied = await untilRun(server, commit, (run) => run.phase === 'waiting' || run.finishedAt !== undefined);
  say(`   run ${applied.id}, applied ${Math.round(performance.now() - pushed)} ms after that:`);
  const width = Math.max(...applied.objects.map(({ id }) => id.length));
  for (const { id, action, error } of applied.objects)
    say(`     ${id.padEnd(width)}  ${action}${error ? `: ${error}` : ''}`);
  const ended = await untilRun(server, commit, (run) => run.finishedAt !== undefined);
  say(`   ${ended.status}, everything ready ${Math.round(performance.now() - pushed)} ms after the push`);
  if (ended.error !== undefined)
    throw new Failure('server', ended.error.message, ended.error.help === undefined ? {} : { help: ended.error.help });
}

async function untilRun({ url, token }: Server, commit: string, isSo: (run: Run) => boolean): Promise<Run> {
  const headers = { authorization: `Bearer ${token}` };
  for (const end = Date.now() + longestMs; Date.now() < end; await sleep(20)) {
    const page = RunPage.parse(await (await fetch(`${url}/v1/runs?target=shop`, { headers })).json());
    const run = page.runs.find(({ revision, cause }) => cause.kind === 'push' && revision?.endsWith(commit));
    if (run === undefined || !isSo(run)) continue;
    return Run.parse(await (await fetch(`${url}/v1/runs/${run.id}`, { headers })).json());
  }
  throw new Failure('server', `Cannot see the end of the sync: none after ${longestMs / 1000} s`, {
    help: `See ${show(join(directory, 'serve.log'))}`,
  });
}

function next(url: string, repository: Repository, cluster: DemoCluster): void {
  const work = show(repository.work);
  say('It stays up. In another terminal, here:');
  say();
  say(`   export SLUICE_URL=${url} SLUICE_TOKEN=$(cat ${show(join(directory, 'token'))})`);
  say('   npx --no sluice status');
  say('   npx --no sluice runs');
  say('   npx --no sluice sync shop');
  say(`   curl -H "Authorization: Bearer $SLUICE_TOKEN" ${url}/v1/targets/shop`);
  say(`   sed -i 's/tea: .*/tea: "9.99"/' ${work}/plain/prices.yaml`);
  say(`   npx --no sluice plan shop --config ${show(join(directory, 'sluice.yaml'))} --path ${work}`);
  say(`   git -C ${work} commit -am "Raise tea" && git -C ${work} push`);
  // kubectl sends no token over plain HTTP, which is what the double speaks.
  if (cluster.isReal) say(`   kubectl --kubeconfig ${show(cluster.kubeconfig)} -n shop get configmaps,deployments`);
  say();
  say('Ctrl-C ends it and everything it started.');
}

try {
  await demo();
} catch (error) {
  const failure = asFailure(error);
  process.stderr.write(`${failure.message}\n${failure.help === undefined ? '' : `  ${failure.help}\n`}`);
  process.exitCode = failure.fault === 'server' ? 2 : 1;
}
