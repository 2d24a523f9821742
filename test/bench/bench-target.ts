import { Settings, type Target } from '../../lib/domain/settings/settings.ts';

export interface BenchTarget {
  readonly name: string;
  readonly url: string;
  readonly namespace: string;
  readonly path: string;
}

/** The settings of a bench, as sluice.yaml has them. */
export function settingsOf(targets: readonly BenchTarget[], kubeconfig: string): Record<string, unknown> {
  return {
    version: 1,
    webhooks: [{ id: 'bench', sender: 'github', secret: { env: 'BENCH_SECRET' } }],
    api: { tokens: [{ name: 'bench', role: 'admin', secret: { env: 'BENCH_TOKEN' } }] },
    targets: targets.map(({ name, url, namespace, path }) => ({
      name,
      source: { url, branch: 'main', paths: [path] },
      cluster: { kubeconfig: { file: kubeconfig } },
      namespace,
      // What is measured is what was asked for: no sweeps, and nobody who makes a Deployment healthy is waited for.
      interval: 0,
      timeout: '24h',
    })),
  };
}

export function targetOf(target: BenchTarget, kubeconfig: string): Target {
  const [parsed] = Settings.parse(settingsOf([target], kubeconfig)).targets;
  if (parsed === undefined) throw new Error('The settings have no target');
  return parsed;
}
