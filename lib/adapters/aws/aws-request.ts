import { setTimeout as sleep } from 'node:timers/promises';
import { defaultProvider } from '@aws-sdk/credential-provider-node';
import { HttpRequest } from '@smithy/core/protocols';
import { AdaptiveRetryStrategy, isServerError, isThrottlingError, isTransientError } from '@smithy/core/retry';
import { Hash } from '@smithy/core/serde';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Connections } from './connections.ts';

/**
 * Requests to services of which one or two calls are needed: the signature, the retries and the connections are those of the SDK, and a
 * client for each would make a function's bundle half as large again.
 */

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface AwsCall {
  readonly service: 'eks' | 's3' | 'secretsmanager' | 'ssm' | 'sts';
  /** Default that of the function. */
  readonly region?: string | undefined;
  readonly method: 'GET' | 'POST';
  /** Default `/`; what is in it is encoded already. */
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Default those that the SDK's own chain finds. */
  readonly credentials?: AwsCredentials | undefined;
}

export interface AwsAnswer {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface AwsClient {
  /** A success, or 304 for a conditional request. Throws an Error named as AWS names it, once what may pass by itself was tried three times. */
  request(call: AwsCall): Promise<AwsAnswer>;
  /** The address of the call, good for these seconds without a signature in its headers; `headers` have to be sent along. */
  presign(call: AwsCall, seconds: number): Promise<string>;
}

export interface AwsClientOptions {
  readonly region: string;
  readonly connections: Connections;
  /** Another server than those of AWS. */
  readonly endpoint?: string | undefined;
}

type RetryToken = Parameters<AdaptiveRetryStrategy['recordSuccess']>[0];
type SdkError = Parameters<typeof isThrottlingError>[0];

const attempts = 3;

export function createAwsClient({ region: home, connections, endpoint }: AwsClientOptions): AwsClient {
  const ownCredentials = defaultProvider();
  const strategies = new Map<string, AdaptiveRetryStrategy>();
  /** How much the clock of AWS is ahead of ours, in milliseconds. */
  let ahead = 0;

  function strategyOf(service: string): AdaptiveRetryStrategy {
    const strategy = strategies.get(service) ?? new AdaptiveRetryStrategy(attempts);
    strategies.set(service, strategy);
    return strategy;
  }

  function requestOf(call: AwsCall): HttpRequest {
    const { service, region = home, method, path = '/', query = {}, headers = {}, body } = call;
    const url = new URL(endpoint ?? `https://${service}.${region}.${suffixOf(region)}`);
    return new HttpRequest({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port === '' ? {} : { port: Number(url.port) }),
      path,
      query,
      headers: { host: url.host, ...headers },
      ...(body === undefined ? {} : { body }),
    });
  }

  function signerOf({ service, region = home, credentials }: AwsCall): SignatureV4 {
    return new SignatureV4({
      service,
      region,
      credentials: credentials ?? ownCredentials,
      sha256: Hash.bind(null, 'sha256'),
      // The path is encoded already, and S3 alone signs it so.
      uriEscapePath: service !== 's3',
    });
  }

  async function attempt(call: AwsCall): Promise<AwsAnswer> {
    const signed = await signerOf(call).sign(requestOf(call), { signingDate: new Date(Date.now() + ahead) });
    const { response } = await connections.handler.handle(new HttpRequest(signed));
    const answer = { status: response.statusCode, headers: response.headers, body: await textOf(response.body) };
    if (answer.status < 300 || answer.status === 304) return answer;
    const error = errorOf(answer);
    const date = Date.parse(answer.headers.date ?? '');
    if (clockErrors.has(error.name) && Math.abs(date - Date.now() - ahead) > 60_000) {
      ahead = date - Date.now();
      return await attempt(call);
    }
    throw error;
  }

  return {
    async request(call) {
      const strategy = strategyOf(call.service);
      for (let token = (await strategy.acquireInitialRetryToken('')) as RetryToken; ; ) {
        try {
          const answer = await attempt(call);
          strategy.recordSuccess(token);
          return answer;
        } catch (error) {
          const errorType = kindOf(error as SdkError);
          if (errorType === undefined) throw error;
          const renewed = strategy.refreshRetryTokenForRetry(token, { errorType });
          token = (await renewed.catch(() => Promise.reject(error))) as RetryToken;
          await sleep(token.getRetryDelay());
        }
      }
    },

    async presign(call, seconds) {
      const signed = await signerOf(call).presign(requestOf(call), {
        expiresIn: seconds,
        signingDate: new Date(Date.now() + ahead),
      });
      const query = new URLSearchParams(signed.query as Record<string, string>);
      return `${signed.protocol}//${signed.headers.host}${signed.path}?${query}`;
    },
  };
}

/** What SigV4 refuses when clocks differ by more than five minutes. */
const clockErrors: ReadonlySet<string> = new Set([
  'InvalidSignatureException',
  'RequestExpired',
  'RequestTimeTooSkewed',
  'SignatureDoesNotMatch',
]);

/** What the retry strategy is told of an error; undefined if it will not pass by itself. */
function kindOf(error: SdkError): 'THROTTLING' | 'TRANSIENT' | 'SERVER_ERROR' | undefined {
  if (isThrottlingError(error)) return 'THROTTLING';
  if (isTransientError(error)) return 'TRANSIENT';
  return isServerError(error) ? 'SERVER_ERROR' : undefined;
}

/** JSON services name the error in `__type` or a header, S3 and STS in a `Code`; none of it holds what was asked for. */
function errorOf({ status, headers, body }: AwsAnswer): Error {
  const type =
    headers['x-amzn-errortype'] ??
    /"(?:__type|Code|code)"\s*:\s*"([^"]+)"|<Code>([^<]+)</.exec(body)?.slice(1).find(Boolean);
  const message =
    /"(?:[Mm]essage)"\s*:\s*"((?:[^"\\]|\\.)*)"|<Message>([^<]+)</.exec(body)?.slice(1).find(Boolean) ?? '';
  const error = new Error(message);
  error.name = type?.split(':')[0]?.split('#').at(-1) ?? `HTTP ${status}`;
  return Object.assign(error, { $metadata: { httpStatusCode: status } });
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function suffixOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}
