import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createCertificate } from '../../fakes/certificate.ts';
import { describeShared } from '../../shared.ts';
import { keySet } from '../../webhooks/google.ts';
import { replayedIds, replayedTargets } from '../../webhooks/replay-settings.ts';
import { eventReplays, type HttpReplay, httpReplays } from '../../webhooks/replays.ts';
import { describeLambda, type HttpAnswer, type LambdaStage, openLambdaStage } from './lambda-stage.ts';
import { httpEvent } from './requests.ts';

/** Every recorded delivery as an HTTP API or EventBridge hands it to the packaged functions: as its sender sends it, and as anybody else would. */

describeShared('recorded deliveries to the functions', (directory) => {
  describeLambda('in the real runtime', () => {
    const replays = httpReplays(directory, Date.now());
    const ids = replayedIds(replays);
    let google: Server;
    let stage: LambdaStage;

    beforeAll(async () => {
      const { certificate, key } = createCertificate({ name: 'keys of Google', addresses: ['127.0.0.1'] });
      google = createServer({ cert: certificate, key }, (_, response) => void response.end(JSON.stringify(keySet)));
      await once(google.listen(0, '127.0.0.1'), 'listening');
      const keys = `https://127.0.0.1:${(google.address() as AddressInfo).port}/certs`;
      stage = await openLambdaStage({
        certificate,
        settings: {
          webhooks: replays.map(({ name, sender, settings, secret }) => ({
            id: ids.get(name),
            sender,
            ...settings,
            ...(sender === 'gcr' && { keys }),
            ...(secret !== undefined && { secret: { aws: secretName(name) } }),
          })),
          targets: replayedTargets({ aws: 'sluice/dev/kubeconfig/shop' }),
        },
      });
      for (const { name, secret } of replays)
        if (secret !== undefined) stage.cloud.secrets.set(secretName(name), secret);
    }, 180_000);
    afterAll(async () => {
      google.close();
      await stage[Symbol.asyncDispose]();
    });

    /** Alternately as text and in base64: an HTTP API decides by the content type. */
    let sent = 0;
    function send(id: string, { headers, body }: HttpReplay['right']): Promise<HttpAnswer> {
      const isBase64Encoded = sent++ % 2 === 1;
      const text = body.toString(isBase64Encoded ? 'base64' : 'utf8');
      return stage.http('webhook', httpEvent('POST', `/webhooks/${id}`, { headers, body: text, isBase64Encoded }));
    }

    it.each(replays)('$name ($sender) says $says', async (replay) => {
      const { status, body } = await send(ids.get(replay.name) ?? '', replay.right);
      if (!replay.says.startsWith('refs/heads/')) expect(status).toBe(204);
      else {
        expect(status).toBe(202);
        expect(body.runs).toHaveLength(1);
      }
    });

    it.each(replays.filter(({ wrong }) => wrong))(
      '$name by someone else is refused',
      async ({ name, wrong, right }) => {
        expect((await send(ids.get(name) ?? '', wrong ?? right)).status).toBe(401);
      },
    );

    it.each(replays.filter(({ wrong }) => !wrong))('$name at another id is refused', async ({ right }) => {
      expect((await send('q7ZkP2mXw94LtBvR81sNcYhd-999', right)).status).toBe(404);
    });

    it.each(eventReplays(directory))('$name says $says', async ({ name, event, says }) => {
      const writes = () => stage.cloud.calls.filter((call) => call === 'dynamodb:PutItem').length;
      const before = writes();
      await stage.functions.events.invoke({ ...(event as Record<string, unknown>), id: name });
      expect(writes() > before).toBe(says.startsWith('refs/heads/'));
    });

    it('nothing was asked for that the roles do not allow, and nothing failed', () => {
      expect(stage.cloud.denied).toEqual([]);
      expect(stage.functions.webhook.output).not.toContain('"level":"error"');
    });
  });
});

function secretName(replay: string): string {
  return `sluice/dev/webhook/${replay}`;
}
