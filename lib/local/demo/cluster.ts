import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../../config.ts';
import { Failure } from '../../domain/failure.ts';
import { findApiServerBinaries } from '../apiserver/binaries.ts';
import { startApiServer } from '../apiserver/start.ts';
import { startKubeApi } from '../kube-api/start.ts';
import { standInForKubelet } from './stand-in-kubelet.ts';

export interface DemoCluster extends AsyncDisposable {
  /** Path of its kubeconfig. */
  readonly kubeconfig: string;
  /** False for the embedded double. */
  readonly isReal: boolean;
  /** What it is, in a sentence for people. */
  readonly description: string;
}

/** The current context of the person who asked for it; else a real API server that can be started here; else the embedded double. */
export async function openCluster(directory: string, current: boolean, environment: Environment): Promise<DemoCluster> {
  if (current) return currentCluster(environment);
  const cache = join(environment.home ?? directory, '.cache/sluice/kube');
  const binaries = await findApiServerBinaries({ assets: environment.kubebuilderAssets, cache });
  if (binaries === undefined) return await openDouble(directory);
  const state = join(directory, 'kube');
  await rm(state, { recursive: true, force: true });
  await mkdir(state, { recursive: true, mode: 0o700 });
  // Without controllers: they would take back what stands in for the kubelet.
  const { etcd, apiServer } = binaries;
  const server = await startApiServer({ etcd, apiServer }, { directory: state });
  const standIn = standInForKubelet(server.kubeconfig);
  return {
    kubeconfig: server.kubeconfig,
    isReal: true,
    description: `a real kube-apiserver, started here at ${server.url} (no controllers and no kubelet: the demo marks workloads ready)`,
    async [Symbol.asyncDispose]() {
      standIn.stop();
      await server.stop();
    },
  };
}

async function openDouble(directory: string): Promise<DemoCluster> {
  const double = await startKubeApi();
  const kubeconfig = join(directory, 'kubeconfig');
  await writeFile(kubeconfig, double.kubeconfig, { mode: 0o600 });
  return {
    kubeconfig,
    isReal: false,
    description: `an in-memory double of the Kubernetes API at ${double.url}: NO real cluster, no validation, eleven kinds (use --cluster current for yours, or set KUBEBUILDER_ASSETS)`,
    [Symbol.asyncDispose]: () => double.stop(),
  };
}

function currentCluster({ kubeconfig, home }: Environment): DemoCluster {
  const [first] = (kubeconfig ?? '').split(':').filter((path) => path !== '');
  const path = first ?? (home === undefined ? undefined : join(home, '.kube/config'));
  if (path === undefined) {
    throw new Failure('missing', 'Cannot use the current cluster: neither KUBECONFIG nor HOME is set', {
      help: 'Set KUBECONFIG, or leave --cluster away',
    });
  }
  return {
    kubeconfig: path,
    isReal: true,
    description: `the current context of ${path}`,
    [Symbol.asyncDispose]: async () => undefined,
  };
}
