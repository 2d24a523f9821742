import { Failure } from '../../domain/failure.ts';
import type { KubeObject } from '../../domain/objects/kube-object.ts';
import { forEachInFlight, requestsInFlight } from '../in-flight.ts';
import type { Cluster } from '../ports.ts';
import { waitUntil } from '../wait-until.ts';
import type { Applied } from './applied.ts';

const establishedWithinMilliseconds = 30_000;

/**
 * Resources of a CRD are refused until it is Established: waits for each that was applied, and has the cluster asked anew for the kinds
 * of its group. Returns those that were not established in time.
 */
export async function waitForCrds(
  cluster: Cluster,
  applied: readonly Applied[],
  sleep: (milliseconds: number) => Promise<void>,
): Promise<readonly Applied[]> {
  const failed: Applied[] = [];
  const crds = applied.filter(
    ({ desired, live }) => live !== undefined && desired.object.kind === 'CustomResourceDefinition',
  );
  await forEachInFlight(crds, requestsInFlight, async ({ desired, live }) => {
    const { kind, object } = desired;
    async function isThere(): Promise<boolean> {
      return isEstablished(await cluster.get(kind, object.metadata, { full: true }));
    }
    if (!isEstablished(live) && !(await waitUntil(isThere, establishedWithinMilliseconds, sleep))) {
      const message = `Cannot use "${desired.id}": not established after ${establishedWithinMilliseconds / 1000} s`;
      failed.push({ desired, action: 'failed', failure: new Failure('server', message) });
      return;
    }
    for (const apiVersion of apiVersionsOf(object)) cluster.forget(apiVersion);
  });
  return failed;
}

interface Crd {
  readonly spec?: {
    readonly group?: string;
    readonly version?: string;
    readonly versions?: readonly { readonly name: string }[];
  };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

function isEstablished(live: KubeObject | undefined): boolean {
  const conditions = (live as Crd | undefined)?.status?.conditions ?? [];
  return conditions.some(({ type, status }) => type === 'Established' && status === 'True');
}

function apiVersionsOf(crd: KubeObject): readonly string[] {
  const { group, version, versions = [] } = (crd as unknown as Crd).spec ?? {};
  return [...versions.map(({ name }) => name), ...(version === undefined ? [] : [version])].map(
    (name) => `${group}/${name}`,
  );
}
