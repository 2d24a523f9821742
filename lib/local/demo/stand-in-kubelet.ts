import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { json } from 'node:stream/consumers';
import { parse } from 'yaml';

const everyMs = 300;

interface Deployment {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly generation: number };
  readonly spec: { readonly replicas: number };
  readonly status?: { readonly observedGeneration?: number; readonly availableReplicas?: number };
}

/** A bare API server has no kubelet, so no rollout would ever end: says of every Deployment that its pods are ready. */
export function standInForKubelet(kubeconfig: string): { stop(): void } {
  const api = openApi(kubeconfig);
  let looking = false;

  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    try {
      const ask = await api;
      const { items } = (await ask('GET', '/apis/apps/v1/deployments')) as { items?: readonly Deployment[] };
      for (const deployment of items ?? []) {
        if (isReady(deployment)) continue;
        const { namespace, name } = deployment.metadata;
        await ask('PUT', `/apis/apps/v1/namespaces/${namespace}/deployments/${name}/status`, ready(deployment));
      }
    } catch {
      // The API server is on its way up or down, or somebody was faster: the next look tells.
    } finally {
      looking = false;
    }
  }
  const timer = setInterval(look, everyMs);
  return { stop: () => clearInterval(timer) };
}

function isReady({ metadata, spec, status }: Deployment): boolean {
  return status?.observedGeneration === metadata.generation && (status.availableReplicas ?? 0) === spec.replicas;
}

function ready(deployment: Deployment): unknown {
  const { replicas } = deployment.spec;
  const lastUpdateTime = new Date().toISOString().replace(/\.\d+/, '');
  const condition = {
    status: 'True',
    lastUpdateTime,
    lastTransitionTime: lastUpdateTime,
    message: 'marked by the demo',
  };
  return {
    ...deployment,
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    status: {
      observedGeneration: deployment.metadata.generation,
      replicas,
      updatedReplicas: replicas,
      readyReplicas: replicas,
      availableReplicas: replicas,
      conditions: [
        { ...condition, type: 'Available', reason: 'MinimumReplicasAvailable' },
        { ...condition, type: 'Progressing', reason: 'NewReplicaSetAvailable' },
      ],
    },
  };
}

type Api = (method: string, path: string, body?: unknown) => Promise<unknown>;

/** The administrator of the API server that the demo started, who logs in with a token. */
async function openApi(kubeconfig: string): Promise<Api> {
  const { clusters, users } = parse(await readFile(kubeconfig, 'utf8'));
  const { server, 'certificate-authority-data': authority } = clusters[0].cluster;
  const agent = new Agent({ keepAlive: true, ca: Buffer.from(authority, 'base64') });
  const headers = { authorization: `Bearer ${users[0].user.token}`, 'content-type': 'application/json' };
  return (method, path, body) => {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const sent = request(new URL(path, server), { method, agent, headers }, (response) => {
      json(response).then(resolve, reject);
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
    return promise;
  };
}
