import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { answerHealth, refuse } from '../lib/answer.ts';
import { answerApi } from '../lib/answer-api.ts';
import { apiHandlers } from '../lib/api-handlers.ts';
import { answerHttp } from '../lib/lambda/http-event.ts';
import { openParts } from '../lib/lambda/parts.ts';

const parts = openParts();

/** `/v1` and `/healthz`: what the CLI asks for. It holds no credential of a cluster or a repository, and answers from the store. */
export async function handler(event: APIGatewayProxyEventV2): Promise<APIGatewayProxyStructuredResultV2> {
  return await answerHttp(event, parts.log, async ({ method, path, query, headers }) => {
    if (path.at(-1) === 'healthz') return answerHealth(method);
    const at = path.indexOf('v1');
    if (at < 0) return refuse(404, 'missing', 'Cannot answer: there is nothing at this path');
    using invocation = await parts.begin();
    const { settings, ports } = invocation;
    const handlers = await apiHandlers(settings, parts.readSecret, ports);
    const request = { method, path: path.slice(at + 1), query, authorization: headers.authorization };
    return await answerApi(request, handlers, ports.log);
  });
}
