import { createHash, timingSafeEqual } from 'node:crypto';
import { type Answer, answerFailure, refuse, refuseBusy, refuseMethod } from './answer.ts';
import { asFailure } from './domain/failure.ts';
import type { Run } from './domain/jobs/run.ts';
import type { TargetStatus } from './domain/jobs/target-status.ts';
import { type Role, roles } from './domain/settings/settings.ts';
import type { Log } from './log.ts';

/** A token of `api.tokens`, its secret read. */
export interface ApiToken {
  readonly name: string;
  readonly role: Role;
  readonly value: string;
}

/** What stands behind `/v1`. All answer from the store; undefined is not found. A Failure's fault becomes the status. */
export interface ApiHandlers {
  readonly tokens: readonly ApiToken[];
  listTargets(): Promise<readonly TargetStatus[]>;
  showTarget(name: string): Promise<TargetStatus | undefined>;
  /** `by` is the name of the token. A `server` Failure says that the queue refused: the caller may try again. */
  requestSync(target: string, request: { by: string; takeOver: boolean }): Promise<Run | undefined>;
  /** As `requestSync`; a target that is not there is a `missing` Failure. */
  requestDelete(target: string, request: { by: string; orphan: boolean }): Promise<Run>;
  listRuns(query: RunQuery): Promise<{ readonly runs: readonly Run[]; readonly next?: string }>;
  showRun(id: string): Promise<Run | undefined>;
}

export interface RunQuery {
  readonly target?: string;
  /** The `next` of the page before. */
  readonly after?: string;
}

export interface ApiRequest {
  readonly method: string;
  /** Decoded segments of the path behind `/v1`. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  readonly authorization: string | undefined;
}

interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** `*` stands for any one segment. */
  readonly path: readonly string[];
  readonly role: Role;
  answer(handlers: ApiHandlers, call: Call): Promise<Answer>;
}

interface Call {
  /** The segment that `*` stands for, or nothing. */
  readonly name: string;
  readonly query: URLSearchParams;
  readonly token: ApiToken;
}

const noApi = { help: 'Add api.tokens to its sluice.yaml' };

const routes: readonly Route[] = [
  { method: 'GET', path: ['targets'], role: 'viewer', answer: async (api) => ok({ targets: await api.listTargets() }) },
  {
    method: 'GET',
    path: ['targets', '*'],
    role: 'viewer',
    answer: async (api, { name }) => found('target', name, await api.showTarget(name)),
  },
  { method: 'DELETE', path: ['targets', '*'], role: 'admin', answer: answerDelete },
  { method: 'POST', path: ['targets', '*', 'sync'], role: 'deployer', answer: answerSync },
  { method: 'GET', path: ['runs'], role: 'viewer', answer: answerRuns },
  {
    method: 'GET',
    path: ['runs', '*'],
    role: 'viewer',
    answer: async (api, { name }) => found('run', name, await api.showRun(name)),
  },
];

/**
 * Answers a request below `/v1` (api.ts); without handlers there is no API. Never throws; what went wrong on our side is logged, without headers
 * and bodies.
 */
export async function answerApi(request: ApiRequest, handlers: ApiHandlers | undefined, log: Log): Promise<Answer> {
  if (handlers === undefined) return refuse(404, 'missing', 'Cannot answer: this server has no API', noApi);
  const token = findToken(request.authorization, handlers.tokens);
  if (token === undefined) {
    return refuse(401, 'user', 'Cannot answer: no token, or one that is not known', {
      help: 'Send "Authorization: Bearer <token>" with a token of api.tokens in sluice.yaml',
      headers: { 'www-authenticate': 'Bearer' },
    });
  }
  const fitting = routes.filter((route) => fits(route, request.path));
  if (fitting.length === 0) return refuse(404, 'missing', 'Cannot answer: there is nothing at this path');
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const route = fitting.find((candidate) => candidate.method === method);
  if (route === undefined) return refuseMethod(fitting.map((candidate) => candidate.method).join(', '));
  if (roles.indexOf(token.role) < roles.indexOf(route.role)) {
    return refuse(403, 'missing', `Cannot answer: the token "${token.name}" has the role ${token.role}`, {
      help: `Use a token with the role ${route.role}`,
    });
  }
  const name = request.path[route.path.indexOf('*')] ?? '';
  try {
    return await route.answer(handlers, { name, query: request.query, token });
  } catch (error) {
    return answerFailure(error, log);
  }
}

async function answerSync(handlers: ApiHandlers, { name, token, query }: Call): Promise<Answer> {
  const takeOver = query.get('takeOver') === 'true';
  if (takeOver && token.role !== 'admin') {
    return refuse(403, 'missing', `Cannot take "${name}" over: the token "${token.name}" has the role ${token.role}`, {
      help: 'Use a token with the role admin',
    });
  }
  return await answerQueued('sync', name, () => handlers.requestSync(name, { by: token.name, takeOver }));
}

function answerDelete(handlers: ApiHandlers, { name, token, query }: Call): Promise<Answer> {
  const orphan = query.get('orphan') === 'true';
  return answerQueued('delete', name, () => handlers.requestDelete(name, { by: token.name, orphan }));
}

async function answerQueued(
  verb: 'sync' | 'delete',
  name: string,
  request: () => Promise<Run | undefined>,
): Promise<Answer> {
  try {
    const run = await request();
    if (run === undefined) return found('target', name, undefined);
    return { status: 202, headers: { location: `/v1/runs/${encodeURIComponent(run.id)}` }, body: run };
  } catch (error) {
    const failure = asFailure(error);
    if (failure.fault !== 'server') throw error;
    return refuseBusy(`Cannot ${verb} "${name}": the queue does not take it now`);
  }
}

async function answerRuns(handlers: ApiHandlers, { query }: Call): Promise<Answer> {
  const target = query.get('target');
  const after = query.get('after');
  return ok(await handlers.listRuns({ ...(target && { target }), ...(after && { after }) }));
}

function fits(route: Route, path: readonly string[]): boolean {
  return (
    route.path.length === path.length &&
    route.path.every((segment, index) => (segment === '*' ? path[index] !== '' : segment === path[index]))
  );
}

/** Looks at every token whatever it finds, by digests of one length: the time tells nothing of a token. */
function findToken(authorization: string | undefined, tokens: readonly ApiToken[]): ApiToken | undefined {
  const given = digest(/^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1] ?? '');
  let match: ApiToken | undefined;
  for (const token of tokens) {
    if (timingSafeEqual(given, digest(token.value)) && token.value !== '') match = token;
  }
  return match;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}

function found(kind: string, name: string, value: unknown): Answer {
  if (value !== undefined) return ok(value);
  return refuse(404, 'missing', `Cannot find the ${kind} "${name.slice(0, 100)}"`, {
    help: `List them with "sluice ${kind}s"`,
  });
}
