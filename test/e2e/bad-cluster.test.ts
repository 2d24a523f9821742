import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Run } from '../../lib/api.ts';
import { createCertificate } from '../fakes/certificate.ts';
import { describeCluster, serviceAccountKubeconfig } from '../parts/api-server.ts';
import { configMap, openStage, type Stage, type StageServe } from './stage.ts';

/** A kubeconfig, or what a target says of its cluster, and what the run says of it. */
interface Bad {
  /** Changes the administrator's kubeconfig: of one context, cluster and user. */
  readonly kubeconfig?: (config: Config) => void;
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly status?: 'queued';
  readonly message: RegExp;
  readonly help: RegExp;
}

interface Config {
  readonly clusters: { cluster: Record<string, unknown> }[];
  readonly users: { user: Record<string, unknown> }[];
}

const foreign = createCertificate({ name: 'ada' });
const expired = createCertificate({ name: 'ada', notAfter: new Date('2025-01-02T03:04:05Z') });
const portable = /^Use a kubeconfig with certificate-authority-data and the token of a ServiceAccount$/;
const reach = /^See whether the API server runs, and whether this machine may reach it\. It is tried again after 5 s$/;
const expiredAccount = /^Its token or certificate has expired, or belongs to another cluster: put a new kubeconfig/;
const role = /^"sluice validate --rbac [-a-z]+" prints the Role that the account needs$/;
/** Takes connections and says nothing. */
const silent = createServer(() => undefined);

function user(fields: Readonly<Record<string, unknown>>): (config: Config) => void {
  return ({ users }) => {
    for (const entry of users) entry.user = { ...fields };
  };
}

function server(url: () => string): (config: Config) => void {
  return ({ clusters }) => {
    for (const entry of clusters) entry.cluster.server = url();
  };
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

const clusters: Readonly<Record<string, Bad>> = {
  'exec-plugin': {
    kubeconfig: user({ exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'touch', args: ['/canary'] } }),
    message:
      /^Cannot use the kubeconfig "{ file: exec-plugin }": user ".*" logs in by an exec plugin, which is not run$/,
    help: portable,
  },
  'token-in-a-file': {
    kubeconfig: user({ tokenFile: '/etc/hostname' }),
    message: /^Cannot use the kubeconfig .*: user ".*" has a tokenFile, the path of a file that is not read$/,
    help: portable,
  },
  'unknown-context': {
    cluster: { context: 'production' },
    message: /^Cannot use the kubeconfig .*: it has no context "production"$/,
    help: /^Its contexts are: /,
  },
  'no-kubeconfig': {
    cluster: { kubeconfig: { file: 'nothing-here' } },
    message: /^Cannot read the secret "{ file: nothing-here }": no such file$/,
    help: /^Set it where sluice runs, or correct its reference in sluice\.yaml$/,
  },
  'expired-certificate': {
    kubeconfig: user({
      'client-certificate-data': base64(expired.certificate),
      'client-key-data': base64(expired.key),
    }),
    message: /^Cannot use the kubeconfig .*: the client certificate of user ".*" expired at 2025-01-02T03:04:05\.000Z$/,
    help: /^Issue a new one, or use the token of a ServiceAccount$/,
  },
  'foreign-certificate': {
    kubeconfig: user({
      'client-certificate-data': base64(foreign.certificate),
      'client-key-data': base64(foreign.key),
    }),
    message:
      /^Cannot read .*: the server (does not accept the credentials of the kubeconfig|takes us for an anonymous user, since it does not know .*)$/,
    help: expiredAccount,
  },
  'wrong-token': {
    kubeconfig: user({ token: 'canary-token' }),
    message: /^Cannot read .*: the server does not accept the credentials of the kubeconfig$/,
    help: expiredAccount,
  },
  'foreign-authority': {
    kubeconfig: ({ clusters: [entry] }) => {
      if (entry !== undefined) entry.cluster['certificate-authority-data'] = base64(foreign.certificate);
    },
    message:
      /^Cannot reach the cluster at "https:.*": its certificate is signed by an authority that the kubeconfig does not name$/,
    help: /^Set certificate-authority-data in the kubeconfig to the authority of this very server$/,
  },
  'nothing-listens': {
    kubeconfig: server(() => 'https://127.0.0.1:1'),
    status: 'queued',
    message: /^Cannot reach the cluster at "https:\/\/127\.0\.0\.1:1": nothing listens there$/,
    help: reach,
  },
  'no-answer': {
    kubeconfig: server(() => `https://127.0.0.1:${(silent.address() as { port: number }).port}`),
    status: 'queued',
    message: /^Cannot reach the cluster at ".*": no connection in time$/,
    help: reach,
  },
  'no-host': {
    kubeconfig: server(() => 'https://cluster.invalid:6443'),
    message: /^Cannot reach the cluster at "https:\/\/cluster\.invalid:6443": there is no such host$/,
    help: /^Look at the name of the server in the kubeconfig$/,
  },
  'no-rights': {
    cluster: { impersonate: 'nobody' },
    message:
      /^Cannot read the inventory "(.*)\/sluice-no-rights": User "nobody" cannot get resource "configmaps" in API group "" in the namespace "\1"$/,
    help: role,
  },
  'may-only-read': {
    cluster: { kubeconfig: { file: 'reader' } },
    message:
      /^Cannot write the inventory ".*\/sluice-may-only-read": User ".*:reader" cannot create resource "configmaps"/,
    help: role,
  },
};

describeCluster('a cluster that cannot be used', (kubeconfig) => {
  const runs = new Map<string, Run>();
  let stage: Stage;
  let serve: StageServe;

  beforeAll(async () => {
    silent.listen(0, '127.0.0.1');
    await once(silent, 'listening');
    stage = await openStage(kubeconfig);
    const { api, namespace } = stage;
    await api('POST', `/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name: 'not-ours' } });
    const readable = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }];
    const secrets: Record<string, string> = {
      reader: await serviceAccountKubeconfig(kubeconfig, namespace, 'reader', readable),
    };
    for (const [name, { kubeconfig: change }] of Object.entries(clusters)) {
      const config = parse(readFileSync(kubeconfig, 'utf8'));
      change?.(config);
      secrets[name] = JSON.stringify(config);
    }
    const others = Object.entries(clusters).map(([name, { cluster }]) =>
      stage.targetOf(name, { cluster: { kubeconfig: { file: name }, ...cluster } }),
    );
    serve = await stage.serve({ others, secrets });
    await stage.repository.commit({ 'a.yaml': configMap('never-applied') });
    await Promise.all(
      Object.keys(clusters).map(async (name) => runs.set(name, await attempted(await serve.sync(name)))),
    );
  });
  afterAll(async () => {
    silent.close();
    await serve[Symbol.asyncDispose]();
    await stage[Symbol.asyncDispose]();
  });

  /** The run after its first attempt. */
  async function attempted(id: string): Promise<Run> {
    for (let tries = 0; tries < 900; tries++) {
      const run = await serve.run(id);
      if (run.error !== undefined || run.finishedAt !== undefined) return run;
      await sleep(100);
    }
    throw new Error(`nothing is said of run ${id}:\n${serve.output}`);
  }

  it.each(Object.entries(clusters))('%s: the run says in one line what, where and what to do', (name, bad) => {
    const { status, error, changes } = runs.get(name) ?? {};
    expect(error?.message).toMatch(bad.message);
    expect(error?.help).toMatch(bad.help);
    expect(status).toBe(bad.status ?? 'failed');
    expect(Object.values(changes ?? {}).every((count) => count === 0)).toBe(true);
  });

  it('is not touched, and no credential is shown', async () => {
    expect(await stage.configMaps()).toEqual({});
    const said = serve.output + JSON.stringify([...runs.values()]);
    expect(said).not.toContain('canary');
    for (const { key } of [expired, foreign]) expect(said).not.toContain(base64(key).slice(40, 80));
  });

  it('is synced by the same run once it can be reached', async () => {
    const { id = '' } = runs.get('nothing-listens') ?? {};
    await writeFile(`${serve.directory}/nothing-listens`, readFileSync(kubeconfig, 'utf8'));
    expect(await serve.ended(id, 60)).toMatchObject({ status: 'succeeded', changes: { created: 1 } });
  });
});
