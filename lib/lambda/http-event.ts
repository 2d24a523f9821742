import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type Answer, encodeAnswer, logError, refuseBusy } from '../answer.ts';
import type { Log } from '../log.ts';
import { decodePath } from '../path-segments.ts';
import { lowerHeaders } from '../webhooks/headers.ts';

/** A request as an HTTP API hands it over (payload format 2.0). */
export interface HttpEvent {
  readonly method: string;
  /** Decoded segments; a custom domain may map the API below a path of its own. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  /** Names in lower case; repeated headers joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes as they came. */
  readonly body: Buffer;
}

export function readHttpEvent(event: APIGatewayProxyEventV2): HttpEvent {
  const headers = Object.entries(lowerHeaders(event.headers)).map(([name, value = '']) => [name, value]);
  return {
    method: event.requestContext.http.method,
    path: decodePath(event.rawPath) ?? [],
    query: new URLSearchParams(event.rawQueryString),
    headers: Object.fromEntries(headers),
    body: Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8'),
  };
}

/** The answer of `respond`; 503 if it throws, so that the sender tries again. */
export async function answerHttp(
  event: APIGatewayProxyEventV2,
  log: Log,
  respond: (request: HttpEvent) => Promise<Answer>,
): Promise<APIGatewayProxyStructuredResultV2> {
  let answer: Answer;
  try {
    answer = await respond(readHttpEvent(event));
  } catch (error) {
    logError('A request could not be answered', error, log);
    answer = refuseBusy('Cannot answer now');
  }
  return { statusCode: answer.status, ...encodeAnswer(answer) };
}
