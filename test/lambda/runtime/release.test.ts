import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createDynamoStore } from '../../../lib/adapters/aws/dynamo-store.ts';
import { indexImages } from '../../../lib/app/records/index-images.ts';
import { useTestCredentials } from '../../fakes/aws/credentials.ts';
import { describeLambda, openLambdaStage } from './lambda-stage.ts';
import { httpEvent } from './requests.ts';

const source = { url: 'https://git.acme.invalid/shop.git', branch: 'main' };
const image = 'registry.acme.invalid/shop';

describeLambda('release', () => {
  it('is told of an image by webhook, reads what runs and the secrets of registries, and no more than that', async () => {
    useTestCredentials();
    const auth = { token: { aws: 'sluice/dev/git-write/shop' } };
    const target = {
      name: 'shop',
      source,
      cluster: { kubeconfig: { aws: 'sluice/dev/kubeconfig/shop' } },
      automation: { auth, sign: { aws: 'sluice/dev/git-write/key' } },
    };
    await using stage = await openLambdaStage({
      settings: {
        webhooks: [{ id: 'ci', sender: 'generic', secret: { aws: 'sluice/dev/webhook/ci' } }],
        registries: [{ host: 'registry.acme.invalid', auth: { ssm: '/sluice/dev/registry/acme' } }],
        targets: [target],
      },
    });
    const { cloud } = stage;
    cloud.secrets.set('sluice/dev/webhook/ci', 's3cr3t');
    cloud.secrets.set('/sluice/dev/registry/acme', 'reader:p4ssword');
    const store = createDynamoStore({ table: cloud.table, clock: Date.now, endpoint: cloud.dynamo.endpoint });
    const workloads = [
      {
        id: 'shop:deployment/web',
        policies: { automated: 'true' },
        containers: [{ name: 'web', image: `${image}:1` }],
      },
    ];
    await indexImages(store, { name: 'shop', source, namespace: 'shop', images: { workloads, policies: [] } });

    stage.work();
    const body = JSON.stringify({ image, tag: '2' });
    const signature = createHmac('sha256', 's3cr3t').update(body).digest('hex');
    const headers = { 'content-type': 'application/json', 'x-signature': `sha256=${signature}` };
    const answer = await stage.http('webhook', httpEvent('POST', '/webhooks/ci', { headers, body }));
    expect(answer, stage.functions.webhook.output).toMatchObject({ status: 202 });
    const [id = ''] = answer.body.runs;

    // There is no such registry: the run says so, whether it is tried again or not.
    for (const end = Date.now() + 60_000; Date.now() < end; await sleep(200)) if ((await stage.run(id)).error) break;
    const run = await stage.run(id);
    expect(run, stage.functions.release.output).toMatchObject({ kind: 'release', target: 'shop' });
    expect(run.error?.message).toContain(`"${image}:2"`);
    expect(cloud.calls).toContain('ssm:GetParameter');
    await stage.functions.schedule.invoke({});
    expect(stage.functions.schedule.output).not.toContain('"level":"error"');
    expect(JSON.stringify([run, stage.functions.release.output])).not.toContain('p4ssword');
    expect(cloud.denied).toEqual([]);
  }, 180_000);
});
