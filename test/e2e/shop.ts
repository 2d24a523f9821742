import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RawApi, rawApi } from '../parts/api-server.ts';
import { createRepository, type Repository } from '../parts/repository.ts';
import { type Serve, type ServeSetup, startServe } from './serve.ts';

/** The story's stage: a repository, a namespace of its own on the real API server, and `sluice serve` with one target, `shop`. */
export interface Shop extends AsyncDisposable {
  readonly serve: Serve;
  readonly repository: Repository;
  readonly namespace: string;
  readonly api: RawApi;
  /** Names and data of the ConfigMaps that the targets have in the namespace. */
  configMaps(): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>>;
}

export interface ShopOptions {
  /** Address of the repository and how it is read; default the `file:` address. */
  readonly source?: (repository: Repository) => Readonly<Record<string, unknown>>;
  /** Fields of the target beside source, cluster, namespace, inventory and `interval: 0`. */
  readonly target?: Readonly<Record<string, unknown>>;
  /** Targets beside `shop`; made with `targetOf`. */
  readonly others?: (stage: Stage) => readonly Readonly<Record<string, unknown>>[];
  readonly secrets?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Stage {
  readonly repository: Repository;
  readonly namespace: string;
  readonly source: Readonly<Record<string, unknown>>;
  /** A target of this stage: nothing runs but what is asked for. */
  targetOf(name: string, fields?: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>>;
}

export async function openShop(kubeconfig: string, options: ShopOptions = {}): Promise<Shop> {
  const api = rawApi(kubeconfig);
  const namespace = `sluice-e2e-${randomBytes(5).toString('hex')}`;
  const directory = await mkdtemp(join(tmpdir(), 'sluice-e2e-git-'));
  async function close(): Promise<void> {
    await api('DELETE', `/api/v1/namespaces/${namespace}`);
    await rm(directory, { recursive: true, force: true, maxRetries: 5 });
  }
  try {
    await api('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
    const repository = await createRepository(directory, 'shop');
    const source = { branch: 'main', ...(options.source?.(repository) ?? { url: repository.url }) };
    function targetOf(name: string, fields: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
      const cluster = { kubeconfig: { file: 'kubeconfig' } };
      return { name, source, cluster, namespace, inventory: { namespace }, interval: 0, ...fields };
    }
    const others = options.others?.({ repository, namespace, source, targetOf }) ?? [];
    const setup: ServeSetup = {
      settings: { targets: [targetOf('shop', options.target), ...others] },
      secrets: { kubeconfig: readFileSync(kubeconfig, 'utf8'), ...options.secrets },
      environment: options.environment ?? {},
    };
    const serve = await startServe(setup);
    return {
      serve,
      repository,
      namespace,
      api,
      configMaps: () => configMapsOf(api, namespace),
      async [Symbol.asyncDispose]() {
        await serve[Symbol.asyncDispose]();
        await close();
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

export function configMap(name: string, data: Readonly<Record<string, string>>): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
}

async function configMapsOf(api: RawApi, namespace: string): Promise<Record<string, Record<string, string>>> {
  const selector = encodeURIComponent('applyset.kubernetes.io/part-of');
  const { body } = await api('GET', `/api/v1/namespaces/${namespace}/configmaps?labelSelector=${selector}`);
  const items = body.items as { metadata: { name: string }; data?: Record<string, string> }[];
  return Object.fromEntries(items.map(({ metadata, data = {} }) => [metadata.name, data]));
}
