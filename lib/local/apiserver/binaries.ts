import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../domain/failure.ts';
import { runCommand } from '../../process.ts';

/** Absolute paths of the programs that are a Kubernetes API server. */
export interface ApiServerBinaries {
  readonly etcd: string;
  readonly apiServer: string;
  /** Without it no controller runs: Deployments get no pods, and namespaces never finish terminating. */
  readonly controllerManager?: string;
}

export interface BinarySources {
  /** The value of KUBEBUILDER_ASSETS: a directory that holds `etcd` and `kube-apiserver`. */
  readonly assets?: string | undefined;
  /** Default: `../shared/kube` beside the project, which holds them as .xz files for x86-64 Linux, and `unpack.sh`. */
  readonly packed?: string;
  /** Where packed binaries are unpacked, once; 150 MB. */
  readonly cache: string;
}

const besideProject = join(import.meta.dirname, '../../../../shared/kube');

/**
 * The binaries of `sources.assets` or else of `sources.packed`; undefined if neither is there.
 * Throws a `missing` Failure if a place that is there is not complete.
 */
export async function findApiServerBinaries(sources: BinarySources): Promise<ApiServerBinaries | undefined> {
  if (sources.assets !== undefined && sources.assets !== '') return binariesIn(sources.assets);
  const packed = sources.packed ?? besideProject;
  if (process.platform !== 'linux' || process.arch !== 'x64' || !existsSync(join(packed, 'unpack.sh')))
    return undefined;
  await mkdir(sources.cache, { recursive: true });
  const unpacked = await runCommand(join(packed, 'unpack.sh'), [sources.cache], {
    directory: sources.cache,
    environment: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    timeoutSeconds: 120,
  });
  if (unpacked.code === 0) return binariesIn(sources.cache);
  throw new Failure('missing', `Cannot unpack the API server of "${packed}": ${unpacked.stderr.trim()}`, {
    help: 'Install xz (xz-utils), or set KUBEBUILDER_ASSETS to a directory with etcd and kube-apiserver',
  });
}

function binariesIn(directory: string): ApiServerBinaries {
  const [etcd, apiServer, controllerManager] = ['etcd', 'kube-apiserver', 'kube-controller-manager'].map((name) =>
    join(directory, name),
  ) as [string, string, string];
  const absent = [etcd, apiServer].filter((path) => !existsSync(path));
  if (absent.length > 0) {
    throw new Failure('missing', `Cannot find an API server in "${directory}": no ${absent.join(' and no ')}`, {
      help: 'KUBEBUILDER_ASSETS names a directory with etcd and kube-apiserver, as setup-envtest prints it',
    });
  }
  return { etcd, apiServer, ...(existsSync(controllerManager) && { controllerManager }) };
}
