import { join } from 'node:path';
import { run } from '../parts/run.ts';
import type { Link, Stage } from './stage.ts';

/** What a pipeline does instead of Sluice. */
export interface KubectlPeer {
  /** Milliseconds of `git clone --depth 1`. */
  clone(url: string, directory: string): Promise<number>;
  /** Milliseconds of `kubectl apply --server-side -f -R` of a folder. */
  apply(directory: string, namespace: string): Promise<number>;
}

export function kubectlPeer({ tools, directory: home }: Stage, { kubeconfig }: Link): KubectlPeer {
  return {
    clone: (url, directory) => timed(() => run('git', ['clone', '--quiet', '--depth', '1', url, directory])),
    apply: (directory, namespace) =>
      timed(() =>
        run(
          tools.kubectl,
          [
            '--kubeconfig',
            kubeconfig,
            '-n',
            namespace,
            'apply',
            '--server-side',
            '--force-conflicts',
            '-R',
            '-f',
            directory,
          ],
          // Its discovery cache is kept between rounds, as ours is.
          { environment: { HOME: join(home, 'kubectl-home') } },
        ),
      ),
  };
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await action();
  return performance.now() - begin;
}
