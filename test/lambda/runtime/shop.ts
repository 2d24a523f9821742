import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configMapsOf } from '../../e2e/stage.ts';
import { type RawApi, rawApi } from '../../parts/api-server.ts';
import { createRepository, type FileContents, type Repository } from '../../parts/repository.ts';
import { type Sshd, startSshd } from '../../parts/sshd.ts';
import { type LambdaStage, type LambdaStageSetup, openLambdaStage } from './lambda-stage.ts';

/** A stage with a repository behind sshd and a namespace on a real API server, to which its targets are bound. */
export interface Shop extends LambdaStage {
  readonly repository: Repository;
  readonly api: RawApi;
  readonly namespace: string;
  /** Commits, pushes and delivers the webhook; gives the runs. */
  push(files: Readonly<Record<string, FileContents>>): Promise<readonly string[]>;
  /** Name and data of every ConfigMap that some target owns. */
  configMaps(): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>>;
}

export interface ShopSetup extends Pick<LambdaStageSetup, 'clock' | 'inS3'> {
  /** Names of the targets, and the paths that they sync; default one, `shop`, of everything. */
  readonly targets?: Readonly<Record<string, readonly string[]>>;
  readonly fields?: Readonly<Record<string, unknown>>;
}

export async function openShop(
  kubeconfig: string,
  { targets = { shop: ['.'] }, fields, ...setup }: ShopSetup = {},
): Promise<Shop> {
  const api = rawApi(kubeconfig);
  const namespace = `sluice-lambda-${randomBytes(5).toString('hex')}`;
  await api('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
  const directory = await mkdtemp(join(tmpdir(), 'sluice-lambda-git-'));
  const repository = await createRepository(directory, 'shop');
  const sshd = await startSshd();
  const url = `ssh://${sshd.login}:${sshd.port}${repository.bare}`;
  const stage = await openLambdaStage({
    ...setup,
    settings: {
      targets: Object.entries(targets).map(([name, paths]) => ({
        name,
        source: { url, branch: 'main', paths, auth: authOf(sshd) },
        cluster: { kubeconfig: { aws: 'sluice/dev/kubeconfig/all', key: 'test' } },
        namespace,
        inventory: { namespace },
        interval: 0,
        ...fields,
      })),
    },
  });
  stage.cloud.secrets.set('sluice/dev/kubeconfig/all', JSON.stringify({ test: readFileSync(kubeconfig, 'utf8') }));
  stage.cloud.secrets.set('/sluice/dev/git-read/shop', sshd.privateKey);

  async function push(files: Readonly<Record<string, FileContents>>): Promise<readonly string[]> {
    const before = await repository.git('rev-parse', '--verify', '--quiet', 'HEAD').catch(() => '0'.repeat(40));
    const after = await repository.commit(files);
    return await stage.pushed({ url, before, after });
  }

  return Object.assign(stage, {
    repository,
    api,
    namespace,
    push,
    configMaps: () => configMapsOf(api, namespace),
    [Symbol.asyncDispose]: disposal(stage, async () => {
      await sshd[Symbol.asyncDispose]();
      await api('DELETE', `/api/v1/namespaces/${namespace}`);
      await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    }),
  });
}

function authOf({ knownHosts }: Sshd) {
  return { sshKey: { ssm: '/sluice/dev/git-read/shop' }, knownHosts };
}

function disposal(stage: LambdaStage, rest: () => Promise<void>): () => Promise<void> {
  const disposeStage = stage[Symbol.asyncDispose].bind(stage);
  return async () => {
    await disposeStage();
    await rest();
  };
}
