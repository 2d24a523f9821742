import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Action } from '../../../lib/domain/jobs/run.ts';
import { describeCluster, useNamespace } from '../../parts/api-server.ts';
import { describeShared } from '../../shared.ts';
import { createWorld } from './world.ts';

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly input: { readonly tag: string | null; readonly changed?: readonly string[] };
  readonly expect: { readonly events: readonly { readonly resources: readonly string[] }[] };
}

/**
 * Flux v1's sync loop, in meaning: the event of a sync names what its commits touched, and so does a run. Its fixtures are of API versions
 * that are served no more, so objects of the same kinds and names stand for them. Where its tag stands is the revision that a target
 * holds here: test/e2e/push.test.ts.
 */
describeShared('Flux v1 sync loop', (shared) => {
  describeCluster('events', (kubeconfig) => {
    const namespace = useNamespace(kubeconfig);
    const own = randomBytes(3).toString('hex');
    const file = readFileSync(`${shared}/cases/sync_gc_scenarios.json`, 'utf8');
    const rows = (JSON.parse(file) as { cases: Row[] }).cases.filter(({ kind }) => kind === 'loop');
    const everything = rows.find(({ input }) => input.tag === null)?.expect.events[0]?.resources ?? [];

    it.each(rows.map((row) => [`${row.id}: ${row.name}`, row] as const))(
      '%s',
      async (_, { id, input, expect: told }) => {
        const world = createWorld(kubeconfig, `loop-${own}-${id.slice(-3)}`, { namespace });
        const { changed = [] } = input;
        const resources = told.events.flatMap((event) => event.resources);
        const suffix = id.slice(-3);
        async function sync(action: Action, touched: readonly string[]): Promise<readonly string[]> {
          const names = new Set([...everything, ...resources]);
          const documents = [...names].map((name) => objectOf(`${name}-${suffix}`, touched.includes(name)));
          const { objects, error } = await world.bring(documents.map((each) => JSON.stringify(each)).join('\n---\n'));
          expect(error).toBeUndefined();
          expect(new Set(objects.map((object) => object.action))).toEqual(new Set([action]));
          return objects.map((object) => object.id).sort();
        }
        const first = await sync('created', []);
        const event = input.tag === null ? first : await sync('configured', changed);
        expect(event).toEqual(resources.map((name) => idIn(`${name}-${suffix}`)).sort());
      },
    );

    function idIn(id: string): string {
      const [, kind, name] = /:(.*)\/(.*)/.exec(id) ?? [];
      return kind === 'namespace' ? `<cluster>:namespace/${name}-${own}` : `${namespace}:${kind}/${name}`;
    }

    /** The object that Flux calls so; `touched` by a commit. */
    function objectOf(id: string, touched: boolean): object {
      const [, kind, name = ''] = /:(.*)\/(.*)/.exec(id) ?? [];
      const metadata = { name, annotations: { touched: `${touched}` } };
      if (kind === 'namespace') {
        return { apiVersion: 'v1', kind: 'Namespace', metadata: { ...metadata, name: `${name}-${own}` } };
      }
      if (kind === 'service') return { apiVersion: 'v1', kind: 'Service', metadata, spec: { ports: [{ port: 80 }] } };
      const labels = { app: name };
      const pods = {
        metadata: { labels },
        spec: { nodeSelector: { no: 'node' }, containers: [{ name: 'a', image: 'a' }] },
      };
      const spec = { selector: { matchLabels: labels }, template: pods };
      if (kind === 'daemonset') return { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata, spec };
      return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { ...spec, replicas: 0 } };
    }
  });
});
