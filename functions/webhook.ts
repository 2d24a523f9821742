import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { answerDelivery } from '../lib/answer-delivery.ts';
import { answerHttp } from '../lib/lambda/http-event.ts';
import { openParts } from '../lib/lambda/parts.ts';
import { receiveDelivery } from '../lib/receive-delivery.ts';

const parts = openParts();

/** `POST /webhooks/{id}` of every sender: verify → Change → jobs → 202. */
export async function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  return await answerHttp(event, parts.log, async ({ method, path, headers, body }) => {
    using invocation = await parts.begin();
    const { settings, ports } = invocation;
    return await answerDelivery(
      { id: path.at(-1) ?? '', method, headers, readBody: async () => ({ bytes: body }) },
      {
        webhookIds: settings.webhooks.map(({ id }) => id),
        receive: (delivery) => receiveDelivery(delivery, settings.webhooks, parts.readSecret, ports),
      },
      ports.log,
    );
  });
}
