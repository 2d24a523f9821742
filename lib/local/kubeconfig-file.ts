import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Failure } from '../domain/failure.ts';
import type { SecretRef } from '../domain/settings/secret-ref.ts';
import type { ClusterAccess } from '../domain/settings/settings.ts';

/** The kubeconfig at `path` as a secret. Throws a `missing` Failure that names it as it was given, and `--kubeconfig`. */
export function kubeconfigFile(path: string): SecretRef {
  if (existsSync(path)) return { file: resolve(path) };
  throw new Failure('missing', `Cannot read the kubeconfig "${path}": there is no such file`, {
    help: 'Name one with --kubeconfig, or set KUBECONFIG',
  });
}

/** What paths in the kubeconfig are relative to. */
export function directoryOfKubeconfig({ kubeconfig }: ClusterAccess, config: string): string {
  const beside = dirname(resolve(config));
  return kubeconfig !== undefined && 'file' in kubeconfig ? dirname(resolve(beside, kubeconfig.file)) : beside;
}
