import fc from 'fast-check';
import { expect, it } from 'vitest';
import { describeCluster } from '../parts/api-server.ts';
import { openAnyState } from './any-state.ts';

describeCluster('a sync from any state of the cluster', (kubeconfig) => {
  it('gives what it gives in an empty one, and a second one changes nothing', { timeout: 180_000 }, async () => {
    await using subject = await openAnyState(kubeconfig);
    const property = fc.asyncProperty(subject.inputs, async (story) => void (await subject.take(story)));
    // Each story is dozens of requests: the first that fails is told as it is, and a slow machine lives fewer of them.
    const details = await fc.check(property, {
      numRuns: 12,
      seed: 7,
      endOnFailure: true,
      interruptAfterTimeLimit: 40_000,
    });
    expect(details.failed, `${details.errorInstance}\n${fc.defaultReportMessage(details)}`).toBe(false);
    expect(details.numRuns).toBeGreaterThan(0);
  });
});
