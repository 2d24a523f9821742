import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { parse } from 'yaml';
import { applyAll, mark } from '../../lib/app/cluster/apply.ts';
import { locate } from '../../lib/app/cluster/locate.ts';
import { forEachInFlight } from '../../lib/app/in-flight.ts';
import type { Desired } from '../../lib/domain/objects/plan.ts';
import { readManifests } from '../../lib/render/read-manifests.ts';
import { connectTo } from '../parts/connect.ts';
import { targetOf } from './bench-target.ts';
import { manifests } from './manifests.ts';
import { openNamespaces } from './namespaces.ts';
import type { Measurement, Row } from './row.ts';
import type { Link, Stage } from './stage.ts';

const rounds = 9;
const configMaps = 300;
const deployments = 100;
const concurrencies = [16, 32, 48, 64];

/** How near the apply comes to what the API server takes at all: the same requests, sent by a client that does nothing else. */
export const physicalLimit: Row = {
  about: `server-side applies of ${configMaps} ConfigMaps + ${deployments} Deployments, beside a bare HTTPS client at its best concurrency; the goal is ≥ 0.8`,
  async run(stage) {
    const measurements: Measurement[] = [];
    for (const [index, link] of stage.links.entries()) measurements.push(await measure(stage, link, `limit-${index}`));
    return measurements;
  },
};

async function measure(stage: Stage, link: Link, name: string): Promise<Measurement> {
  await using namespaces = await openNamespaces(stage.links[0]?.kubeconfig ?? '');
  const ours: number[] = [];
  const bare = new Map<number, number[]>(concurrencies.map((concurrency) => [concurrency, []]));
  for (let round = 0; round < rounds; round++) {
    ours.push(await inNamespace(namespaces, `${name}-${round}`, (namespace) => applyOurs(link, namespace)));
    for (const concurrency of concurrencies) {
      const took = await inNamespace(namespaces, `${name}-${round}-bare-${concurrency}`, (namespace) =>
        applyBare(link, namespace, concurrency),
      );
      bare.get(concurrency)?.push(took);
    }
  }
  const [best, times] = [...bare].reduce((a, b) => (sum(b[1]) < sum(a[1]) ? b : a));
  return {
    what: 'apply phase of 400 objects',
    link: link.name,
    ours,
    peer: { name: `a bare HTTPS client, ${best} in flight`, times },
    goal: 0.8,
  };
}

async function inNamespace(
  namespaces: Awaited<ReturnType<typeof openNamespaces>>,
  namespace: string,
  apply: (namespace: string) => Promise<number>,
): Promise<number> {
  await namespaces.create(namespace);
  const took = await apply(namespace);
  await namespaces.empty(namespace, configMaps + deployments);
  return took;
}

/** The stages of a sync, connection included. */
async function applyOurs(link: Link, namespace: string): Promise<number> {
  const desired = await desiredIn(link, namespace);
  const begin = performance.now();
  await using cluster = await connectTo(link.kubeconfig);
  const applied = await applyAll(cluster, {
    inventoryId: 'bench',
    planned: desired.map((each) => ({ desired: each, decision: { action: 'create' } })),
    held: () => undefined,
    sleep: async () => undefined,
  });
  const failed = applied.find(({ failure }) => failure !== undefined);
  if (failed?.failure !== undefined) throw failed.failure;
  return performance.now() - begin;
}

async function applyBare(link: Link, namespace: string, concurrency: number): Promise<number> {
  const requests = (await desiredIn(link, namespace)).map((desired) => ({
    path: pathOf(desired, namespace),
    body: JSON.stringify(mark(desired, 'bench')),
  }));
  const { server, ca, authorization } = accessOf(link);
  const begin = performance.now();
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency, ca });
  await forEachInFlight(requests, concurrency, ({ path, body }) => {
    return send(new URL(path, server), body, agent, authorization);
  });
  const took = performance.now() - begin;
  agent.destroy();
  return took;
}

async function send(url: URL, body: string, agent: Agent, authorization: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const sent = request(
    url,
    {
      method: 'PATCH',
      agent,
      headers: {
        authorization,
        'content-type': 'application/apply-patch+yaml',
        'content-length': Buffer.byteLength(body),
      },
    },
    (response) => {
      response.resume().on('end', () => {
        if ((response.statusCode ?? 500) < 300) resolve();
        else reject(new Error(`${url.pathname} was answered ${response.statusCode}`));
      });
    },
  );
  sent.on('error', reject);
  sent.end(body);
  await promise;
}

function pathOf({ kind, object }: Desired, namespace: string): string {
  const root = kind.apiVersion === 'v1' ? '/api/v1' : `/apis/${kind.apiVersion}`;
  return `${root}/namespaces/${namespace}/${kind.plural}/${object.metadata.name}?fieldManager=sluice&force=true`;
}

async function desiredIn(link: Link, namespace: string): Promise<readonly Desired[]> {
  const read = Object.entries(manifests(configMaps, deployments)).flatMap(
    ([path, text]) => readManifests(text, path, { withoutKind: 'refuse' }).manifests,
  );
  const source = { name: 'limit', url: 'https://git.example/limit.git', path: '.' };
  const target = targetOf({ ...source, namespace }, link.kubeconfig);
  await using cluster = await connectTo(link.kubeconfig);
  return (await locate(read, target, cluster)).desired;
}

/** As the administrator's kubeconfig says: a token, and the authority of the server. */
function accessOf(link: Link) {
  const config = parse(readFileSync(link.kubeconfig, 'utf8'));
  const { cluster } = config.clusters[0];
  const { user } = config.users[0];
  return {
    server: String(cluster.server),
    ca: Buffer.from(cluster['certificate-authority-data'], 'base64'),
    authorization: `Bearer ${user.token}`,
  };
}

function sum(times: readonly number[]): number {
  return times.reduce((total, time) => total + time, 0);
}
