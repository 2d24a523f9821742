import * as z from 'zod/mini';
import { ApiError, Run, RunPage, TargetList, TargetStatus } from '../api.ts';
import { Failure } from '../domain/failure.ts';
import type { Call } from './command.ts';

/** Asks the API of a server (lib/api.ts). Everything that goes wrong is a Failure; what the server says is passed on as it is. */
export interface Client {
  /** Where the server is, without a final slash. */
  readonly url: string;
  listTargets(): Promise<TargetList>;
  showTarget(name: string): Promise<TargetStatus>;
  requestSync(name: string, takeOver: boolean): Promise<Run>;
  requestDelete(name: string, orphan: boolean): Promise<Run>;
  listRuns(query: { readonly target?: string | undefined; readonly after?: string | undefined }): Promise<RunPage>;
  showRun(id: string): Promise<Run>;
  /** Sends a delivery of a webhook as its sender would, without our token. */
  deliver(path: string, delivery: Delivery): Promise<DeliveryReply>;
}

interface Delivery {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface DeliveryReply {
  readonly status: number;
  readonly message: string;
  /** The ids of the runs. */
  readonly runs: readonly string[];
}

const timeoutSeconds = 30;

/** A client for the server of `--url`, SLUICE_URL or this machine. */
export function createClient(call: Call): Client {
  const url = checkUrl(call.flag('url') ?? call.environment.url ?? 'http://127.0.0.1:8080');
  const token = call.flag('token') ?? call.environment.token;

  async function ask<Schema extends z.ZodMiniType>(
    method: string,
    path: string,
    schema: Schema,
  ): Promise<z.infer<Schema>> {
    const response = await request(method, `${url}${path}`, token);
    const body = await readJson(response, url);
    if (response.status === 401) throw unknownToken(url, token);
    if (response.status >= 400) throw refusal(response, body, url);
    const parsed = schema.safeParse(body);
    if (!response.ok || !parsed.success) throw notOurs(response, url);
    return parsed.data;
  }
  return {
    url,
    listTargets: () => ask('GET', '/v1/targets', TargetList),
    showTarget: (name) => ask('GET', `/v1/targets/${encodeURIComponent(name)}`, TargetStatus),
    requestSync: (name, takeOver) =>
      ask('POST', `/v1/targets/${encodeURIComponent(name)}/sync${takeOver ? '?takeOver=true' : ''}`, Run),
    requestDelete: (name, orphan) =>
      ask('DELETE', `/v1/targets/${encodeURIComponent(name)}${orphan ? '?orphan=true' : ''}`, Run),
    listRuns({ target, after }) {
      const query = new URLSearchParams({ ...(target && { target }), ...(after && { after }) });
      return ask('GET', query.size === 0 ? '/v1/runs' : `/v1/runs?${query}`, RunPage);
    },
    showRun: (id) => ask('GET', `/v1/runs/${encodeURIComponent(id)}`, Run),
    deliver: (path, delivery) => deliver(url, path, delivery),
  };
}

function checkUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    throw new Failure(
      'user',
      'Cannot use the address of the server: it is no http or https address without credentials',
      {
        help: 'Give --url or SLUICE_URL as http://127.0.0.1:8080',
      },
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** What is answered to a delivery that was taken. */
const Taken = z.object({ message: z.string(), runs: z.array(z.string()) });

async function deliver(url: string, path: string, { headers, body }: Delivery): Promise<DeliveryReply> {
  const response = await send(`${url}${path}`, { method: 'POST', headers, body });
  if (response.status === 204) return { status: 204, message: 'Nothing to do', runs: [] };
  const answer = await readJson(response, url);
  const taken = Taken.safeParse(answer);
  if (response.status === 202 && taken.success) return { status: 202, ...taken.data };
  throw refusal(response, answer, url);
}

function request(method: string, url: string, token: string | undefined): Promise<Response> {
  return send(url, {
    method,
    headers: { accept: 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
  });
}

async function send(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(timeoutSeconds * 1000) });
  } catch (cause) {
    throw unreachable(new URL(url).origin, cause);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name of the host cannot be resolved',
  ECONNRESET: 'the connection was closed',
  UND_ERR_SOCKET: 'the connection was closed',
};

function unreachable(origin: string, cause: unknown): Failure {
  const { name, message, cause: inner } = cause as Error & { cause?: NodeJS.ErrnoException };
  const timedOut = name === 'TimeoutError' || name === 'AbortError';
  const reason = timedOut
    ? `no answer after ${timeoutSeconds} s`
    : (reasons[inner?.code ?? ''] ?? inner?.code ?? inner?.message ?? message);
  return new Failure('server', `Cannot reach "${origin}": ${reason}`, {
    help: 'Start a server with "sluice serve", or name one with --url or SLUICE_URL',
    code: 'Unreachable',
    cause,
  });
}

async function readJson(response: Response, url: string): Promise<unknown> {
  try {
    return await response.json();
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    throw unreachable(new URL(url).origin, cause);
  }
}

function refusal(response: Response, body: unknown, url: string): Failure {
  const parsed = ApiError.safeParse(body);
  if (!parsed.success) return notOurs(response, url);
  const { fault, message, help } = parsed.data.error;
  return new Failure(fault, message, help === undefined ? {} : { help });
}

function unknownToken(url: string, token: string | undefined): Failure {
  const found = token === undefined ? 'it asks for a token, and none was given' : 'it does not know the token';
  return new Failure('user', `Cannot ask "${url}": ${found}`, {
    help: 'Set SLUICE_TOKEN to a token of api.tokens in its sluice.yaml',
  });
}

function notOurs(response: Response, url: string): Failure {
  return new Failure(
    'server',
    `Cannot read the answer of "${url}": HTTP ${response.status}, and not what Sluice answers`,
    {
      help: 'Check --url or SLUICE_URL: is it the address of "sluice serve", and as new as this command?',
    },
  );
}
