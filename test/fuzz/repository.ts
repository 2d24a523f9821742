import fc from 'fast-check';
import type { KubeObject } from '../../lib/domain/objects/kube-object.ts';
import type { Ask } from '../chaos/ask.ts';

/** The objects of a head, each of a name and kind of its own, without a namespace. */
export type Repository = readonly KubeObject[];

const names = ['a', 'b', 'c'] as const;
const kinds = ['ConfigMap', 'Secret', 'Service', 'ServiceAccount', 'Deployment'] as const;
type Kind = (typeof kinds)[number];

const value = fc.constantFrom('one', 'two', 'three', '');
const texts = fc.dictionary(fc.constantFrom('x', 'y', 'z'), value, { maxKeys: 3 });
const fields: fc.Arbitrary<Fields> = fc.record({
  base: value,
  extra: texts,
  labels: texts,
  port: fc.integer({ min: 1, max: 4 }),
  replicas: fc.integer({ min: 0, max: 1 }),
});
interface Fields {
  readonly base: string;
  readonly extra: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly port: number;
  readonly replicas: number;
}

/**
 * Every object has `base`, or what is like it for its kind, in all of its versions: what people change by hand is something that git has. Replicas
 * never lack: without them those that the cluster has stay (APPLY §2).
 */
function objectOf(kind: Kind, name: string, { base, extra, labels, port, replicas }: Fields): KubeObject {
  const head = {
    apiVersion: kind === 'Deployment' ? 'apps/v1' : 'v1',
    kind,
    metadata: { name, labels: { ...labels, base } },
  };
  switch (kind) {
    case 'ConfigMap':
      return { ...head, data: { ...extra, base } };
    case 'Secret':
      return { ...head, stringData: { ...extra, base } };
    case 'Service':
      return { ...head, spec: { selector: { ...extra, base: 'a' }, ports: [{ port: 80 + port }] } };
    case 'ServiceAccount':
      return head;
    case 'Deployment': {
      const env = Object.entries(extra).map(([key, text]) => ({ name: key, value: text }));
      const spec = {
        containers: [{ name: 'main', image: `app:${port}`, env: [{ name: 'base', value: base }, ...env] }],
      };
      const template = { metadata: { labels: { app: name } }, spec };
      return {
        ...head,
        spec: { replicas, selector: { matchLabels: { app: name } }, template },
      };
    }
  }
}

/** Any few of fifteen objects. */
export const headsOf: fc.Arbitrary<Repository> = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...kinds), fc.constantFrom(...names), fields), {
    maxLength: 7,
    selector: ([kind, name]) => `${kind}/${name}`,
  })
  .map((entries) => entries.map(([kind, name, its]) => objectOf(kind, name, its)));

/** What somebody does by hand. */
export interface Drift {
  readonly kind: Kind;
  readonly name: string;
  readonly what: 'delete' | 'change' | 'drop' | 'make anew';
}

export const drifts: fc.Arbitrary<Drift> = fc.record({
  kind: fc.constantFrom(...kinds),
  name: fc.constantFrom(...names),
  what: fc.constantFrom('delete', 'change', 'change', 'drop', 'make anew'),
});

const plurals: Readonly<Record<Kind, string>> = {
  ConfigMap: 'configmaps',
  Secret: 'secrets',
  Service: 'services',
  ServiceAccount: 'serviceaccounts',
  Deployment: 'deployments',
};
const merge = 'application/merge-patch+json';

/** Nothing happens where there is no such object. */
export async function driftTo(ask: Ask, namespace: string, { kind, name, what }: Drift): Promise<void> {
  const root = kind === 'Deployment' ? '/apis/apps/v1' : '/api/v1';
  const collection = `${root}/namespaces/${namespace}/${plurals[kind]}`;
  const path = `${collection}/${name}`;
  if (what === 'change') await ask('PATCH', path, changeOf(kind, 'by hand'), merge);
  else if (what === 'drop') await ask('PATCH', path, changeOf(kind, null), merge);
  else {
    const { status } = await ask('DELETE', path, { propagationPolicy: 'Background' });
    if (what === 'delete' || status !== 200) return;
    const its = { base: 'anew', extra: { mine: 'x' }, labels: { mine: 'x' }, port: 9, replicas: 0 };
    await ask('POST', `${collection}?fieldManager=kubectl-create`, objectOf(kind, name, its));
  }
}

function changeOf(kind: Kind, to: string | null): object {
  const labels = { metadata: { labels: { base: to === null ? null : 'by-hand' } } };
  if (kind === 'ConfigMap') return { ...labels, data: { base: to } };
  if (kind === 'Secret') return { ...labels, data: { base: to === null ? null : btoa(to) } };
  if (kind === 'Service') return { ...labels, spec: { selector: { base: to === null ? null : 'b' } } };
  return labels;
}
