import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { describeCluster, serviceAccountKubeconfig } from '../parts/api-server.ts';
import { startGitHttp } from '../parts/git-http.ts';
import { startSshd } from '../parts/sshd.ts';
import { configMap, openStage, type StageServe } from './stage.ts';

describeCluster('secrets', (kubeconfig) => {
  it('appear in no log, run, answer, command line or environment, whatever goes right and wrong with them', async () => {
    await using stage = await openStage(kubeconfig);
    await using git = await startGitHttp({ root: stage.directory, password: canary('git-token') });
    const access = await serviceAccountKubeconfig(kubeconfig, stage.namespace, 'leaky', [
      { apiGroups: [''], resources: ['configmaps', 'secrets'], verbs: ['*'] },
    ]);
    const bearer = JSON.parse(access).users[0].user.token as string;
    const [webhook, api] = [canary('webhook'), canary('api-token')];
    const [value, malformed] = [canary('secret-value'), canary('malformed-value')];
    await using serve = await stage.serve({
      source: { url: `${git.url}/shop.git`, auth: { token: { file: 'git-token' } } },
      target: { allowNamespaces: [stage.namespace] },
      others: [
        stage.targetOf('wrong', {
          source: { url: `${git.url}/shop.git`, branch: 'main', auth: { token: { file: 'wrong-token' } } },
        }),
      ],
      secrets: {
        kubeconfig: access,
        'git-token': canary('git-token'),
        'wrong-token': canary('wrong-token'),
        'webhook-secret': webhook,
        token: api,
      },
    });
    const secrets = [
      webhook,
      api,
      bearer,
      value,
      malformed,
      canary('git-token'),
      canary('wrong-token'),
      // What stands for them: basic authentication, and the base64 of a Secret's data.
      Buffer.from(`x-access-token:${canary('git-token')}`).toString('base64'),
      Buffer.from(value).toString('base64'),
    ];
    const spy = spyOn(serve);

    git.bytesPerSecond = 300;
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'key' } };
    const good = await serve.push({
      'secret.yaml': JSON.stringify({ ...secret, stringData: { key: value } }),
      'prices.yaml': configMap('prices'),
    });
    expect(await serve.ended(good.run)).toMatchObject({ status: 'succeeded', changes: { created: 2 } });
    git.bytesPerSecond = undefined;

    const { items } = (await stage.api('GET', `/api/v1/namespaces/${stage.namespace}/secrets`)).body;
    expect(JSON.stringify(items)).toContain(Buffer.from(value).toString('base64'));
    const bad = [
      { ...secret, data: { key: malformed } },
      { ...secret, data: { key: { [malformed]: value } } },
      { ...secret, type: 'kubernetes.io/tls', data: { key: Buffer.from(value).toString('base64') } },
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'copy', labels: { copy: `!${value}` } } },
    ];
    for (const object of bad) {
      const files = {
        'bad.yaml': JSON.stringify(object),
        'secret.yaml': JSON.stringify({ ...secret, stringData: { key: value } }),
      };
      const isSecret = object.kind === 'Secret';
      const pushed = await serve.push(isSecret ? { ...files, 'secret.yaml': null } : files);
      expect(await serve.ended(pushed.run)).toMatchObject({ status: 'failed' });
    }
    await serve.push({ 'bad.yaml': `kind: Secret\nstringData:\n  key: ${value}\n  - ${malformed}\n` });
    await serve.request('POST', '/webhooks/github', '{}', { 'x-hub-signature-256': `sha256=${webhook}` });
    await serve.request('GET', '/v1/targets', undefined, { authorization: `Bearer ${api}x` });
    await serve.request('GET', `/v1/runs/${api}`);
    await serve.idle();

    expect(spy.programs()).toEqual(expect.arrayContaining([expect.stringMatching(/^git/)]));
    spy.stop();
    const pages = await Promise.all(['/v1/targets', '/v1/runs'].map((path) => serve.request('GET', path)));
    const runs = await Promise.all((await serve.runs()).map(({ id }) => serve.run(id)));
    const told = { log: serve.output, pages, runs, processes: spy.seen() };
    for (const [place, text] of Object.entries(told)) {
      for (const [index, secretText] of secrets.entries()) {
        expect(JSON.stringify(text).includes(secretText), `${place} holds secret ${index}`).toBe(false);
      }
    }
    // The store is what a backup copies; git's own objects are in the cache beside it.
    const database = readdirSync(serve.data).filter((name) => name.startsWith('sluice.db'));
    const bytes = database.map((name) => readFileSync(`${serve.data}/${name}`, 'latin1')).join();
    for (const [index, text] of secrets.entries()) expect(bytes.includes(text), `the store holds ${index}`).toBe(false);
  });

  it('of SSH are in no command line or environment, and their files are gone after the fetch', async () => {
    await using stage = await openStage(kubeconfig);
    await using sshd = await startSshd();
    await using serve = await stage.serve({
      source: {
        url: `ssh://${sshd.login}:${sshd.port}${stage.repository.bare}`,
        auth: { sshKey: { file: 'deploy-key' }, knownHosts: sshd.knownHosts },
      },
      secrets: { 'deploy-key': sshd.privateKey },
    });
    const spy = spyOn(serve);
    await serve.ended((await serve.push({ 'prices.yaml': configMap('prices') })).run);
    spy.stop();
    const [, line = ''] = sshd.privateKey.split('\n');
    expect(spy.programs()).toEqual(expect.arrayContaining([expect.stringMatching(/^ssh /)]));
    expect(JSON.stringify([spy.seen(), serve.output])).not.toContain(line);
    const left = readdirSync(serve.data, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const { parentPath, name } of left) {
      expect(readFileSync(`${parentPath}/${name}`, 'latin1').includes(line), name).toBe(false);
    }
  });
});

const canaries = new Map<string, string>();

/** A text of its own for each name, which nothing else can hold by chance. */
function canary(name: string): string {
  const known = canaries.get(name) ?? `canary-${name}-${randomBytes(9).toString('hex')}`;
  canaries.set(name, known);
  return known;
}

interface Spy {
  /** `/proc/<pid>/{cmdline,environ}` of every process below the server that was seen. */
  seen(): readonly string[];
  /** Their command lines. */
  programs(): readonly string[];
  stop(): void;
}

/** Looks at the children of the server all the time. */
function spyOn(serve: StageServe): Spy {
  const seen = new Map<string, string>();
  const stop = new AbortController();
  async function look(): Promise<void> {
    while (!stop.signal.aborted) {
      for (const pid of descendantsOf(serve.pid)) {
        const line = read(`/proc/${pid}/cmdline`);
        if (line !== '') seen.set(`${pid} ${line}`, line + read(`/proc/${pid}/environ`));
      }
      await sleep(5);
    }
  }
  void look();
  return {
    seen: () => [...seen.values()],
    programs: () => [...seen.keys()].map((key) => key.slice(key.indexOf(' ') + 1).replaceAll('\0', ' ')),
    stop: () => stop.abort(),
  };
}

function descendantsOf(ancestor: number): readonly number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    // The name of a program, in parentheses, may hold anything.
    const stat = /^\d+$/.test(name) ? read(`/proc/${name}/stat`) : '';
    const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  return [...parents.keys()].filter((pid) => {
    for (let here = parents.get(pid); here !== undefined && here > 1; here = parents.get(here)) {
      if (here === ancestor) return true;
    }
    return false;
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
