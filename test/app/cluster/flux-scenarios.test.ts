import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { inventoryId } from '../../../lib/domain/objects/inventory.ts';
import { idOf, type KubeObject } from '../../../lib/domain/objects/kube-object.ts';
import { partOfLabel } from '../../../lib/domain/objects/ownership.ts';
import { describeCluster, rawApi } from '../../parts/api-server.ts';
import { describeShared } from '../../shared.ts';
import { createWorld, manifestsOf } from './world.ts';

interface Step {
  readonly sync?: string;
  readonly synced?: string;
  readonly errors?: boolean;
  readonly gc?: boolean;
  readonly dryGC?: boolean;
  readonly defaultNamespace?: string;
  readonly inCluster?: { readonly create?: string; readonly copy?: string; readonly as?: string };
  readonly check?: {
    readonly exists?: readonly string[];
    readonly missing?: readonly string[];
    readonly unchanged?: string;
  };
}
interface Row {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly input: {
    readonly discoveryFails?: string;
    readonly exclude?: readonly string[];
    readonly steps: readonly Step[];
  };
}

/**
 * Flux v1's own scenarios, in meaning: the ApplySet stands for the mark, and its Deployments, which a fake accepted without a spec, get
 * one. Garbage collection is off in Flux unless a step says `gc`; a dry one deletes nothing either.
 */
describeShared('Flux v1 sync and garbage collection', (shared) => {
  describeCluster('scenarios', (kubeconfig) => {
    const api = rawApi(kubeconfig);
    const rows = (JSON.parse(readFileSync(`${shared}/cases/sync_gc_scenarios.json`, 'utf8')) as { cases: Row[] }).cases;
    // The rows of kind loop are in flux-loop.test.ts, that of apply_order in test/domain/objects/apply-order.test.ts.
    // Discovery that fails concerns the objects of that group alone here, and no claimed kind is of it (APPLY §6): see prune.test.ts.
    const scenarios = rows.filter((row) => row.kind === 'scenario' && row.input.discoveryFails === undefined);

    it.each(scenarios.map((row) => [`${row.id}: ${row.name}`, row] as const))('%s', async (_, row) => {
      const id = randomBytes(3).toString('hex');
      const target = `flux-${id}`;
      const world = createWorld(kubeconfig, target, { allowEmpty: true });
      const label = inventoryId(`sluice-${target}`, 'default');
      let prune = false;
      let namespace: string | undefined;
      const rename = (text: string): string => text.replaceAll(/\b(foobar|other|system)\b/g, (name) => `${name}-${id}`);
      for (const name of ['foobar', 'other', 'system']) {
        if (!stepsCreateNamespace(row, name))
          await api('POST', '/api/v1/namespaces', { metadata: { name: `${name}-${id}` } });
      }
      for (const step of row.input.steps) {
        if (step.gc !== undefined) prune = step.gc;
        if (step.dryGC !== undefined) prune = false;
        if (step.defaultNamespace !== undefined) namespace = `${step.defaultNamespace}-${id}`;
        if (step.inCluster !== undefined) await edit(step.inCluster);
        if (step.sync !== undefined) {
          const result = await world.bring(complete(rename(step.sync)), {
            target: { prune, ...(namespace && { namespace }) },
          });
          expect(result.error === undefined, result.error?.message).toBe(step.errors !== true);
          // A real Namespace would take the copy in it along; ours is kept for that (APPLY §5).
          const held = result.objects
            .filter(({ error }) => error?.startsWith('the namespace holds'))
            .map((object) => object.id);
          const synced = manifestsOf(rename(step.synced ?? '')).map(({ object }) => idOf(object));
          expect(await marked()).toEqual([...synced, ...held].sort());
        }
        if (step.check !== undefined) await check(step.check);
      }

      async function edit({ create, copy, as }: NonNullable<Step['inCluster']>): Promise<void> {
        for (const { object } of manifestsOf(complete(rename(create ?? '')))) await post(object);
        if (copy === undefined || as === undefined) return;
        const original = (await api('GET', pathOf(rename(copy)))).body;
        const { labels, annotations, namespace: where } = original.metadata;
        await post({ ...original, metadata: { name: as.split('/')[1], namespace: where, labels, annotations } });
      }
      async function check({ exists = [], missing = [], unchanged }: NonNullable<Step['check']>): Promise<void> {
        for (const one of exists) expect([one, (await api('GET', pathOf(rename(one)))).status]).toEqual([one, 200]);
        for (const one of missing) expect([one, (await api('GET', pathOf(rename(one)))).status]).toEqual([one, 404]);
        for (const { object } of manifestsOf(complete(rename(unchanged ?? '')))) {
          expect((await api('GET', pathOf(idOf(object)))).body).toMatchObject({
            spec: (object as { spec?: object }).spec,
          });
        }
      }
      async function marked(): Promise<string[]> {
        const query = `?labelSelector=${encodeURIComponent(`${partOfLabel}=${label}`)}`;
        const lists = await Promise.all(
          ['/apis/apps/v1/deployments', '/api/v1/namespaces'].map((path) => api('GET', path + query)),
        );
        return (
          lists
            .flatMap(({ body }) =>
              body.items.map((item: KubeObject) => ({ ...item, kind: body.kind.replace('List', '') })),
            )
            // Flux's mark is of an object's own id; ours is an entry of our own in managedFields, which a copy has not.
            .filter((item: KubeObject) =>
              item.metadata.managedFields?.some(
                ({ manager, operation }) => manager === 'sluice' && operation === 'Apply',
              ),
            )
            .filter((item: KubeObject) => item.metadata.deletionTimestamp === undefined)
            .map(idOf)
            .sort()
        );
      }
      async function post(object: KubeObject): Promise<void> {
        const path = pathOf(idOf(object));
        expect((await api('POST', path.slice(0, path.lastIndexOf('/')), object)).status).toBe(201);
      }
    });
  });
});

function stepsCreateNamespace(row: Row, name: string): boolean {
  return row.input.steps.some(({ sync, inCluster }) =>
    new RegExp(`kind: Namespace\\nmetadata:\\n  name: ${name}\\b`).test(`${sync ?? ''}${inCluster?.create ?? ''}`),
  );
}

/** Gives Deployments what a real API server demands; what a scenario changes stays as an annotation of the template. */
function complete(text: string): string {
  return parseAllDocuments(text)
    .map((document) => document.toJS())
    .filter((object) => object !== null)
    .map((object) => {
      if (object.kind !== 'Deployment') return stringify(object);
      const labels = { app: object.metadata.name };
      const note = JSON.stringify(object.spec ?? null);
      return stringify({
        ...object,
        spec: {
          replicas: 0,
          selector: { matchLabels: labels },
          template: { metadata: { labels, annotations: { note } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
        },
      });
    })
    .join('---\n');
}

function pathOf(id: string): string {
  const [, namespace, kind, name] = /^(.*):(.*)\/(.*)$/.exec(id) ?? [];
  if (kind === 'namespace') return `/api/v1/namespaces/${name}`;
  return `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
}
