import { setTimeout as sleep } from 'node:timers/promises';
import type { RawApi } from '../parts/api-server.ts';

const mergePatch = { 'content-type': 'application/merge-patch+json' };

/** Where no kubelet is: says of every pod of a namespace that it runs and is ready, until it is disposed of. */
export function readyPods(api: RawApi, namespace: string): AsyncDisposable {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const stop = new AbortController();

  async function mark(): Promise<void> {
    while (!stop.signal.aborted) {
      const { body } = await api('GET', `${path}?fieldSelector=status.phase%3DPending`);
      for (const { metadata } of (body.items ?? []) as { metadata: { name: string } }[]) {
        const lastTransitionTime = new Date().toISOString().replace(/\.\d+/, '');
        const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime }];
        await api('PATCH', `${path}/${metadata.name}/status`, { status: { phase: 'Running', conditions } }, mergePatch);
      }
      await sleep(200);
    }
  }
  const marking = mark();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await marking;
    },
  };
}
