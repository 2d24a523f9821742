import { createHmac, randomUUID } from 'node:crypto';
import type { Properties } from '../../infra/packaged.ts';

/** Of the webhook `github` of every stage. */
export const webhookSecret = 'webhook-s3cr3t';

export interface Push {
  readonly url: string;
  readonly after: string;
  readonly before?: string;
  readonly delivery?: string;
}

export interface HttpRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

export function httpEvent(
  method: string,
  path: string,
  { headers = {}, body, isBase64Encoded = false }: HttpRequest = {},
): Properties {
  return {
    version: '2.0',
    routeKey: path.startsWith('/webhooks/') ? 'POST /webhooks/{id}' : 'ANY /v1/{proxy+}',
    rawPath: path,
    rawQueryString: '',
    headers,
    requestContext: { http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'test' } },
    isBase64Encoded,
    ...(body === undefined ? {} : { body }),
  };
}

export function pushEvent({ url, after, before = '0'.repeat(40), delivery = randomUUID() }: Push): Properties {
  const body = JSON.stringify({ ref: 'refs/heads/main', before, after, repository: { clone_url: url, ssh_url: url } });
  return httpEvent('POST', '/webhooks/github', { body, headers: signedHeaders(body, delivery) });
}

/** The headers of a push as GitHub sends it. */
export function signedHeaders(body: string | Buffer, delivery: string = randomUUID()): Record<string, string> {
  return {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': delivery,
    'x-hub-signature-256': `sha256=${createHmac('sha256', webhookSecret).update(body).digest('hex')}`,
  };
}
