import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, inject } from 'vitest';
import { parse } from 'yaml';

/** A suite that needs a real API server: skipped, in print, where there is none; with CI=true its absence is a failure. */
export function describeCluster(name: string, suite: (kubeconfig: string) => void): void {
  const kubeconfig = inject('kubeconfig');
  if (kubeconfig !== undefined) describe(name, () => suite(kubeconfig));
  else if (process.env.CI === 'true')
    throw new Error(`${name}: there is no Kubernetes API server, and with CI=true a skip is a failure`);
  else describe.skip(`${name} (needs a Kubernetes API server: set KUBEBUILDER_ASSETS)`, () => undefined);
}

/** The API as plain requests, so that what a test sees does not come through the code under test. */
export interface RawApi {
  readonly url: string;
  /** `body` is sent as JSON; the answer's body is parsed JSON, or text if it is none. */
  (method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<RawAnswer>;
}

export interface RawAnswer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look at any field of any kind.
  readonly body: any;
}

/** Requests as the current context of the kubeconfig at `path` says; its certificates and tokens are in the file itself. */
export function rawApi(path: string): RawApi {
  const config = parse(readFileSync(path, 'utf8'));
  const { cluster } = config.clusters[0];
  const { user } = config.users[0];
  const agent = new Agent({
    keepAlive: true,
    maxSockets: 16,
    ca: decode(cluster['certificate-authority-data']),
    cert: decode(user['client-certificate-data']),
    key: decode(user['client-key-data']),
  });
  const authorization = user.token === undefined ? {} : { authorization: `Bearer ${user.token}` };
  async function send(
    method: string,
    target: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<RawAnswer> {
    const { promise, resolve, reject } = Promise.withResolvers<RawAnswer>();
    const sent = request(
      new URL(target, cluster.server),
      { method, agent, headers: { 'content-type': 'application/json', ...authorization, ...headers } },
      (response) => {
        text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: json(answer) }), reject);
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    return promise;
  }
  return Object.assign(send, { url: String(cluster.server) });
}

/** The name of a namespace of its own for this suite: made before its tests, deleted after them. */
export function useNamespace(kubeconfig: string): string {
  const name = `sluice-test-${randomBytes(5).toString('hex')}`;
  const api = rawApi(kubeconfig);
  beforeAll(async () => {
    await api('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    await untilFound(api, `/api/v1/namespaces/${name}/serviceaccounts/default`);
  });
  afterAll(() => api('DELETE', `/api/v1/namespaces/${name}`));
  return name;
}

export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

/**
 * The text of a kubeconfig of a new ServiceAccount that may do what `rules` say in its namespace, and nothing else.
 * Its context has that namespace.
 */
export async function serviceAccountKubeconfig(
  kubeconfig: string,
  namespace: string,
  name: string,
  rules: readonly PolicyRule[] = [],
): Promise<string> {
  const api = rawApi(kubeconfig);
  const core = `/api/v1/namespaces/${namespace}`;
  const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
  await api('POST', `${core}/serviceaccounts`, { metadata: { name } });
  await api('POST', `${rbac}/roles`, { metadata: { name }, rules });
  await api('POST', `${rbac}/rolebindings`, {
    metadata: { name },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  });
  const { body } = await api('POST', `${core}/serviceaccounts/${name}/token`, {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3600 },
  });
  const config = parse(readFileSync(kubeconfig, 'utf8'));
  config.users[0].user = { token: body.status.token };
  config.contexts[0].context.namespace = namespace;
  return JSON.stringify(config);
}

/** Waits for what a controller makes; goes on after five seconds, since there may be no controllers. */
async function untilFound(api: RawApi, path: string): Promise<void> {
  const end = Date.now() + 5000;
  while (Date.now() < end) {
    const { status } = await api('GET', path);
    if (status === 200) return;
    await sleep(20);
  }
}

function decode(data: string | undefined): Buffer | undefined {
  return data === undefined ? undefined : Buffer.from(data, 'base64');
}

function json(answer: string): unknown {
  try {
    return JSON.parse(answer);
  } catch {
    return answer;
  }
}
