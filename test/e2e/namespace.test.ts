import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { describeCluster } from '../parts/api-server.ts';
import { openStage } from './stage.ts';

function template(name: string, namespace: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${namespace}`;
}

const chart = {
  'chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'chart/templates/with.yaml': template('with', '  namespace: {{ .Release.Namespace }}\n'),
  'chart/templates/without.yaml': template('without', ''),
};

describeCluster('the namespace of objects that name none', (kubeconfig) => {
  // Charts ask for it themselves (.Release.Namespace): one of them was in two namespaces once.
  it('is that of the kubeconfig’s context for a whole chart, if the target has none', async () => {
    await using stage = await openStage(kubeconfig);
    const config = parse(readFileSync(kubeconfig, 'utf8'));
    for (const { context } of config.contexts) context.namespace = stage.namespace;
    await using serve = await stage.serve({
      source: { url: stage.repository.url, paths: ['chart'] },
      target: { namespace: undefined },
      secrets: { kubeconfig: stringify(config) },
    });
    const { run } = await serve.push(chart);
    const { objects } = await serve.ended(run);
    expect(objects.map(({ id }: { id: string }) => id).sort()).toEqual([
      `${stage.namespace}:configmap/with`,
      `${stage.namespace}:configmap/without`,
    ]);
  });
});
