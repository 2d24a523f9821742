import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RawApi, rawApi } from '../parts/api-server.ts';
import { createRepository, type FileContents, type Repository } from '../parts/repository.ts';
import { type Serve, startServe } from './serve.ts';

type Fields = Readonly<Record<string, unknown>>;

export interface StageServeOptions {
  /** Of the target `shop`; default the repository's `file:` address. */
  readonly source?: Fields & { readonly url: string };
  /** Fields of the target `shop` beside those of `targetOf`. */
  readonly target?: Fields;
  /** Targets beside `shop`. */
  readonly others?: readonly Fields[];
  /** Settings beside the targets. */
  readonly settings?: Fields;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Pushed {
  readonly commit: string;
  /** What the branch was at before. */
  readonly before: string;
  /** The runs of its delivery. */
  readonly runs: readonly string[];
  /** The first of them: that of `shop` where no other target has this repository. */
  readonly run: string;
}

export interface StageServe extends Serve {
  /** Commits the files, pushes and delivers the webhook, as a forge does. */
  push(files: Readonly<Record<string, FileContents>>): Promise<Pushed>;
}

/** What a story plays on: a namespace of its own on a real API server, a repository, and `sluice serve` with the target `shop`. */
export interface Stage extends AsyncDisposable {
  readonly api: RawApi;
  readonly namespace: string;
  readonly repository: Repository;
  /** The folder that holds the bare repository as `shop.git`, for git servers. */
  readonly directory: string;
  /** Settings of a target in this namespace, its inventory too; nothing runs unless it is asked for (`interval: 0`). */
  targetOf(name: string, fields?: Fields): Fields;
  serve(options?: StageServeOptions): Promise<StageServe>;
  /** Name and data of every ConfigMap in the namespace that some target owns. */
  configMaps(): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>>;
}

export async function openStage(kubeconfig: string): Promise<Stage> {
  const api = rawApi(kubeconfig);
  const namespace = `sluice-e2e-${randomBytes(5).toString('hex')}`;
  await api('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  const directory = await mkdtemp(join(tmpdir(), 'sluice-e2e-git-'));
  const repository = await createRepository(directory, 'shop');

  function targetOf(name: string, fields: Fields = {}): Fields {
    return {
      name,
      source: { url: repository.url, branch: 'main' },
      cluster: { kubeconfig: { file: 'kubeconfig' } },
      namespace,
      inventory: { namespace },
      interval: 0,
      ...fields,
    };
  }

  async function serve(options: StageServeOptions = {}): Promise<StageServe> {
    const source = { branch: 'main', url: repository.url, ...options.source };
    const server = await startServe({
      settings: {
        ...options.settings,
        targets: [targetOf('shop', { source, ...options.target }), ...(options.others ?? [])],
      },
      secrets: { kubeconfig: readFileSync(kubeconfig, 'utf8'), ...options.secrets },
      environment: options.environment ?? {},
    });
    async function push(files: Readonly<Record<string, FileContents>>): Promise<Pushed> {
      const before = await repository.git('rev-parse', '--verify', '--quiet', 'HEAD').catch(() => '0'.repeat(40));
      const commit = await repository.commit(files);
      const runs = await server.pushed({ url: source.url, before, after: commit });
      return { commit, before, runs, run: runs[0] ?? '' };
    }
    return Object.assign(server, { push });
  }

  return {
    api,
    namespace,
    repository,
    directory,
    targetOf,
    serve,
    configMaps: () => configMapsOf(api, namespace),
    async [Symbol.asyncDispose]() {
      await api('DELETE', `/api/v1/namespaces/${namespace}`);
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** The manifest of a ConfigMap, without a namespace. */
export function configMap(name: string, data: Readonly<Record<string, string>> = {}): string {
  return `${JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data })}\n`;
}

export function revisionOf(commit: string): string {
  return `main@sha1:${commit}`;
}

export async function configMapsOf(api: RawApi, namespace: string): Promise<Record<string, Record<string, string>>> {
  const selector = encodeURIComponent('applyset.kubernetes.io/part-of');
  const { body } = await api('GET', `/api/v1/namespaces/${namespace}/configmaps?labelSelector=${selector}`);
  const items = body.items as { metadata: { name: string }; data?: Record<string, string> }[];
  return Object.fromEntries(items.map(({ metadata, data = {} }) => [metadata.name, data]));
}
