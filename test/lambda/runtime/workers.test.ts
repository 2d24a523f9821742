import { setTimeout as sleep } from 'node:timers/promises';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { expect, it } from 'vitest';
import { createSqsQueue } from '../../../lib/adapters/aws/sqs-queue.ts';
import type { QueueDepth } from '../../../lib/app/ports.ts';
import { sha256Hex } from '../../../lib/domain/digest.ts';
import { configMap } from '../../e2e/stage.ts';
import { describeCluster } from '../../parts/api-server.ts';
import { refuse } from './cloud.ts';
import { describeLambda } from './lambda-stage.ts';
import { httpEvent } from './requests.ts';
import { openShop, type Shop } from './shop.ts';

const longTest = 180_000;

/** Messages of a queue, as they are behind the functions. */
function depth({ cloud }: Shop, queue: 'sync' | 'check'): Promise<QueueDepth> {
  const [name, dead] = queue === 'sync' ? ['SyncQueue', 'SyncDeadQueue'] : ['CheckQueue', 'CheckDeadQueue'];
  const urls = { [queue]: cloud.behind(name) };
  return createSqsQueue({ urls, deadLetterUrls: { [queue]: cloud.behind(dead) }, endpoint: cloud.sqs.endpoint }).depth(
    queue,
  );
}

async function until(what: string, holds: () => boolean | Promise<boolean>, seconds = 60): Promise<void> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(50)) if (await holds()) return;
  throw new Error(`after ${seconds} s: not ${what}`);
}

/** A message of a group of its own. */
async function send({ cloud }: Shop, text: string): Promise<void> {
  const name = sha256Hex(text);
  const to = { QueueUrl: cloud.behind('SyncQueue'), MessageGroupId: name, MessageDeduplicationId: name };
  await cloud.sqs.client.send(new SendMessageCommand({ ...to, MessageBody: text }));
}

/** Manifests of so many ConfigMaps: applying them takes a while. */
function many(count: number, value: string): Record<string, string> {
  const names = Array.from({ length: count }, (_, index) => `many-${index}`);
  return { 'many.yaml': names.map((name) => configMap(name, { value })).join('---\n') };
}

describeCluster('the workers', (kubeconfig) => {
  describeLambda('in the runtime of Lambda', () => {
    it(
      'make objects of a push, cold and warm, wait for health, and hold no more rights than they need',
      async () => {
        await using shop = await openShop(kubeconfig);
        shop.work();
        const deployment = JSON.stringify({
          apiVersion: 'apps/v1',
          kind: 'Deployment',
          metadata: { name: 'web' },
          spec: {
            replicas: 0,
            selector: { matchLabels: { app: 'web' } },
            template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'web', image: 'web:1' }] } },
          },
        });
        const [first = ''] = await shop.push({ 'a.yaml': configMap('a', { value: '1' }), 'web.yaml': deployment });
        expect(await shop.ended(first), shop.functions.check.output).toMatchObject({
          status: 'succeeded',
          changes: { created: 2 },
        });
        const [second = ''] = await shop.push({
          'a.yaml': null,
          'kustomization.yaml':
            'resources: [web.yaml]\nconfigMapGenerator: [{ name: b, literals: [value=2], options: { disableNameSuffixHash: true } }]\n',
        });
        expect(await shop.ended(second)).toMatchObject({ status: 'succeeded', changes: { created: 1, deleted: 1 } });
        expect(await shop.configMaps()).toEqual({ b: { value: '2' } });
        expect([shop.functions.sync.sandboxes.length, shop.cloud.denied]).toEqual([1, []]);
        expect(await shop.http('api', httpEvent('GET', '/v1/targets'))).toMatchObject({ status: 401 });
      },
      longTest,
    );

    it(
      'complete a sync whose worker was killed in the middle',
      async () => {
        await using shop = await openShop(kubeconfig, { clock: true });
        shop.work(1, { isHurried: true });
        const [run = ''] = await shop.push(many(150, 'x'));
        await until('one of the objects is there', async () => Object.keys(await shop.configMaps()).length > 5);
        await shop.functions.sync.sandboxes[0]?.kill();
        // Its lease runs out.
        await shop.moveClock(90_000);
        expect(await shop.ended(run, 120)).toMatchObject({ status: 'succeeded' });
        expect(Object.keys(await shop.configMaps())).toHaveLength(150);
      },
      longTest,
    );

    it(
      'lay a poison message aside after five tries, and acknowledge one that is malformed, while their neighbours go on',
      async () => {
        await using shop = await openShop(kubeconfig, { targets: { poison: ['a'], good: ['b'] } });
        shop.cloud.fault = ({ service, body }, role) => {
          return service === 'dynamodb' && role === 'SyncRole' && body.includes('poison')
            ? refuse(400, 'ValidationException')
            : undefined;
        };
        await send(shop, 'no json');
        await send(shop, '{"kind":"sync"}');
        shop.work(1, { isHurried: true });
        const runs = await shop.push({ 'a/a.yaml': configMap('a'), 'b/b.yaml': configMap('b') });
        const good = runs[1] ?? '';
        expect(await shop.ended(good)).toMatchObject({ target: 'good', status: 'succeeded' });
        await until('the poison is laid aside', async () => (await depth(shop, 'sync')).dead === 1);
        expect(await depth(shop, 'sync')).toEqual({ waiting: 0, inFlight: 0, dead: 1 });
        expect(shop.functions.sync.output.match(/malformed message acknowledged/g)).toHaveLength(2);
        expect(Object.keys(await shop.configMaps())).toEqual(['b']);
      },
      longTest,
    );

    it(
      'stop before their time is up, and the rest goes on through the queue check',
      async () => {
        await using shop = await openShop(kubeconfig);
        // Half a second of work, of twenty that are kept for the end.
        shop.work(1, { seconds: 20.5 });
        const [run = ''] = await shop.push(many(400, 'x'));
        await until(
          'a job was put back',
          () => shop.cloud.calls.filter((call) => call === 'sqs:SendMessage').length > 1,
          90,
        );
        expect(shop.eventSources[0]?.errors).toEqual([]);
        await shop.eventSources[0]?.[Symbol.asyncDispose]();
        shop.work();
        expect(await shop.ended(run, 120)).toMatchObject({ status: 'succeeded' });
        expect(Object.keys(await shop.configMaps())).toHaveLength(400);
      },
      longTest,
    );

    it(
      'give up a sync in which they were stopped for longer than their lease, and another has brought it to the end',
      async () => {
        await using shop = await openShop(kubeconfig, { clock: true });
        shop.work(2, { isHurried: true });
        const [run = ''] = await shop.push(many(300, 'x'));
        await until('some of the objects are there', async () => Object.keys(await shop.configMaps()).length > 5);
        const [frozen] = shop.functions.sync.sandboxes;
        frozen?.freeze();
        // A minute and more passes for everyone: lease and visibility run out.
        await shop.moveClock(90_000);
        await release(shop);
        expect(await shop.ended(run, 90)).toMatchObject({ status: 'succeeded' });
        frozen?.thaw();
        await until('the frozen worker has given up', () =>
          /sync given up|work on a message failed/.test(frozen?.output ?? ''),
        );
        expect(Object.keys(await shop.configMaps())).toHaveLength(300);
      },
      longTest,
    );

    it.each([
      ['on time', 0],
      ['ten minutes ahead', 600_000],
    ])(
      'bring a target to its end although its message comes twice at once, to a second worker whose clock is %s',
      async (_, ahead) => {
        await using shop = await openShop(kubeconfig, { clock: true });
        const [run = ''] = await shop.push(many(200, 'x'));
        shop.work(1);
        await until('some of the objects are there', async () => Object.keys(await shop.configMaps()).length > 5);
        shop.functions.sync.sandboxes[0]?.holdClock();
        await shop.moveClock(ahead);
        // The same job in another group: what queues do that deliver at least once.
        const job = { kind: 'sync', target: 'shop', run, cause: { kind: 'push', by: 'github' }, attempt: 0 };
        await send(shop, JSON.stringify(job));
        shop.work(1);
        expect(await shop.ended(run, 120)).toMatchObject({ status: 'succeeded' });
        await until('nothing is left to do', async () => {
          const depths = await Promise.all([depth(shop, 'sync'), depth(shop, 'check')]);
          return depths.every(({ waiting, inFlight, dead }) => waiting + inFlight + dead === 0);
        });
        expect(Object.keys(await shop.configMaps())).toHaveLength(200);
      },
      longTest,
    );

    it(
      'follow settings in S3: a target that is added there needs no deploy, and a wrong copy changes nothing',
      async () => {
        await using shop = await openShop(kubeconfig, { inS3: true, clock: true });
        shop.work();
        const [first = ''] = await shop.push({ 'a.yaml': configMap('a') });
        expect(await shop.ended(first)).toMatchObject({ status: 'succeeded' });
        await shop.functions.schedule.invoke({});
        const key = 's3:::acme-config/sluice.yaml';
        const settings = JSON.parse(shop.cloud.objects.get(key) ?? '');
        shop.cloud.objects.set(key, 'version: 2');
        await Promise.all(shop.functions.webhook.sandboxes.map((sandbox) => sandbox.kill()));
        expect(await shop.push({ 'a.yaml': configMap('a', { value: '2' }) })).toHaveLength(1);
        const [shopTarget] = settings.targets;
        shop.cloud.objects.set(
          key,
          JSON.stringify({ ...settings, targets: [shopTarget, { ...shopTarget, name: 'second', suspend: true }] }),
        );
        await shop.moveClock(70_000);
        expect(await shop.push({ 'a.yaml': configMap('a', { value: '3' }) })).toHaveLength(2);
        expect(shop.cloud.denied).toEqual([]);
      },
      longTest,
    );
  });
});

/** What is in flight comes again now, as it does when its visibility is over. */
async function release({ cloud }: Shop): Promise<void> {
  const url = cloud.behind('SyncQueue');
  const queue = createSqsQueue({ urls: { sync: url }, endpoint: cloud.sqs.endpoint });
  for (const receipt of cloud.receipts) {
    await queue.extend({ id: '', queue: 'sync', body: null, receipt, receiveCount: 1 }, 0);
  }
}
