import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { createFindKey } from '../lib/adapters/public-keys.ts';
import { createDeliveryAnswers } from '../lib/answer-delivery.ts';
import { webhookName } from '../lib/domain/settings/webhook-rules.ts';
import { answerHttp } from '../lib/lambda/http-event.ts';
import { openParts } from '../lib/lambda/parts.ts';
import { receiveDelivery } from '../lib/receive-delivery.ts';

const parts = openParts();
const findKey = createFindKey(parts.clock);

/** `POST /webhooks/{id}` of every sender: verify → Change → jobs → 202. */
export async function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  return await answerHttp(event, parts.log, async ({ method, path, headers, body }) => {
    using invocation = await parts.begin();
    const { settings, ports } = invocation;
    const webhooks = new Map(settings.webhooks.map((webhook) => [webhook.id, webhook]));
    const answer = createDeliveryAnswers(
      {
        webhookNames: new Map(settings.webhooks.map((webhook) => [webhook.id, webhookName(webhook)])),
        receive: (delivery) => receiveDelivery(delivery, webhooks, { ...ports, readSecret: parts.readSecret, findKey }),
      },
      ports.log,
    );
    return await answer({ id: path.at(-1) ?? '', method, headers, readBody: async () => ({ bytes: body }) });
  });
}
