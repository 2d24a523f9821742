import { readFile } from 'node:fs/promises';
import { type ConnectOptions, createConnect } from '../../lib/adapters/cluster/connect.ts';
import type { Cluster } from '../../lib/app/ports.ts';
import type { KubeObject, ResourceKind } from '../../lib/domain/objects/kube-object.ts';
import type { Target } from '../../lib/domain/settings/settings.ts';

export interface ConnectToOptions extends Partial<ConnectOptions> {
  readonly context?: string;
  readonly impersonate?: string;
  readonly signal?: AbortSignal;
}

/** Connects with the kubeconfig at a path, or with its text. */
export function connectTo(kubeconfig: string, options: ConnectToOptions = {}): Promise<Cluster> {
  const { context, impersonate, signal, ...rest } = options;
  const connect = createConnect({
    readSecret: async () => (kubeconfig.startsWith('/') ? readFile(kubeconfig, 'utf8') : kubeconfig),
    ...rest,
  });
  const access: Target['cluster'] = {
    kubeconfig: { env: 'TEST_KUBECONFIG' },
    ...(context !== undefined && { context }),
    ...(impersonate !== undefined && { impersonate }),
  };
  return connect(access, signal);
}

/** A kind that the server serves. */
export async function kindOf(cluster: Cluster, apiVersion: string, kind: string): Promise<ResourceKind> {
  const found = (await cluster.resources(apiVersion))?.find((candidate) => candidate.kind === kind);
  if (found === undefined) throw new Error(`the server has no ${kind} of ${apiVersion}`);
  return found;
}

export function configMap(namespace: string, name: string, data: Readonly<Record<string, string>> = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace }, data };
}

export interface Refused {
  readonly fault: string;
  readonly code: string | undefined;
  readonly message: string;
  readonly help: string | undefined;
}

/** The Failure that `action` ends with, as plain data; an Error if it succeeds. */
export async function refusal(action: Promise<unknown>): Promise<Refused> {
  const outcome = await action.then(
    () => undefined,
    (error: unknown) => error,
  );
  const { fault, code, message, help } = (outcome ?? {}) as Refused;
  if (fault === undefined) throw outcome ?? new Error('it succeeded');
  return { fault, code, message, help };
}
