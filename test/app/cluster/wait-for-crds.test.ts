import { expect, it } from 'vitest';
import { applyAll } from '../../../lib/app/cluster/apply.ts';
import type { Cluster } from '../../../lib/app/ports.ts';
import { Failure } from '../../../lib/domain/failure.ts';
import type { KubeObject, ResourceKind } from '../../../lib/domain/objects/kube-object.ts';
import type { Desired } from '../../../lib/domain/objects/plan.ts';

const kind: ResourceKind = { apiVersion: 'v1', kind: 'Any', plural: 'any', namespaced: false, verbs: [] };

function desired(object: KubeObject): Desired {
  return { id: object.metadata.name, object, kind, digest: 'd', leave: [], origin: 'a.yaml' };
}

const crd = desired({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'things.a.test' },
  spec: { group: 'a.test', version: 'v1beta1', versions: [{ name: 'v1' }] },
} as KubeObject);
const namespace = desired({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });

/** A cluster in which a CRD is established at the look of this number, and how long was slept for it. */
function world(establishedAt: number) {
  const slept: number[] = [];
  const forgotten: string[] = [];
  let looks = 0;
  const verbs: Pick<Cluster, 'apply' | 'get' | 'forget'> = {
    apply: async (_, object) => object,
    async get() {
      looks++;
      const status = looks < establishedAt ? 'False' : 'True';
      return { ...crd.object, status: { conditions: [{ type: 'Established', status }] } };
    },
    forget: (apiVersion) => void forgotten.push(apiVersion),
  };
  return {
    slept,
    forgotten,
    apply: () =>
      applyAll(verbs as Cluster, {
        inventoryId: 'id',
        planned: [namespace, crd].map((one) => ({ desired: one, decision: { action: 'create' } })),
        held: () => undefined,
        sleep: async (milliseconds) => void slept.push(milliseconds),
      }),
  };
}

it('a CRD is waited for until it is established; then its kinds are asked for anew', async () => {
  const { apply, slept, forgotten } = world(3);
  expect((await apply()).map(({ action }) => action)).toEqual(['created', 'created']);
  expect(slept).toEqual([50, 100]);
  expect(forgotten.sort()).toEqual(['a.test/v1', 'a.test/v1beta1']);
});

it('one that is not established within half a minute has failed, by our fault, and nothing else has', async () => {
  const { apply, slept, forgotten } = world(Number.POSITIVE_INFINITY);
  expect(await apply()).toMatchObject([
    { desired: namespace, action: 'created' },
    {
      desired: crd,
      action: 'failed',
      failure: { fault: 'server', message: 'Cannot use "things.a.test": not established after 30 s' },
    },
  ]);
  expect(slept.reduce((sum, milliseconds) => sum + milliseconds)).toBeGreaterThanOrEqual(30_000);
  expect(forgotten).toEqual([]);
});

/** An object that may be made anew, whose old self is there for this many looks. */
async function recreate(looks: number) {
  const forced = { 'kustomize.toolkit.fluxcd.io/force': 'enabled' };
  const job = desired({ apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'once', annotations: forced } });
  let applies = 0;
  let left = looks;
  const verbs: Pick<Cluster, 'apply' | 'delete' | 'get'> = {
    async apply(_, object) {
      if (++applies === 1) throw new Failure('user', 'Cannot apply "once": field is immutable', { code: 'Invalid' });
      return object;
    },
    delete: async () => true,
    get: async () => (left-- > 0 ? job.object : undefined),
  };
  return await applyAll(verbs as Cluster, {
    inventoryId: 'id',
    planned: [{ desired: job, decision: { action: 'configure', live: job.object } }],
    held: () => undefined,
    sleep: async () => undefined,
  });
}

it('an object is made anew once its old self is gone, and fails while that stays', async () => {
  expect(await recreate(3)).toMatchObject([{ live: { metadata: { name: 'once' } } }]);
  expect(await recreate(Number.POSITIVE_INFINITY)).toMatchObject([
    { action: 'failed', failure: { message: 'Cannot create "once" anew: it is still being deleted after 30 s' } },
  ]);
});
