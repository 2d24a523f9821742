import type { IncomingHttpHeaders } from 'node:http';
import { isDeepStrictEqual } from 'node:util';
import type { JsonPatchOperation } from '../../app/ports.ts';
import { groupOf, type KubeObject, type ResourceKind } from '../../domain/objects/kube-object.ts';
import { patchJson } from './json-patch.ts';
import { discover, kinds, namespaces } from './kinds.ts';
import { parseSelector } from './label-selector.ts';
import { keyOf, type Objects } from './objects.ts';
import { writeAs } from './ownership.ts';

export interface ApiRequest {
  readonly method: string | undefined;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  /** Parsed JSON; undefined where there is none. */
  readonly body: unknown;
}

export interface Answer {
  readonly code: number;
  readonly body: object;
}

/** A request for objects of a kind that is served. */
interface Call extends ApiRequest {
  readonly objects: Objects;
  readonly kind: ResourceKind;
  readonly namespace: string | undefined;
}

const form =
  /^\/(?:api|apis\/(?<group>[^/]+))\/(?<version>[^/]+)(?:\/namespaces\/(?<namespace>[^/]+)(?=\/))?\/(?<plural>[^/]+)(?:\/(?<name>[^/]+))?$/;

/** Answers as a real server does (https://kubernetes.io/docs/reference/using-api/api-concepts/): clients look at a Status' reason and name. */
export function handle(objects: Objects, request: ApiRequest): Answer {
  const { method, url, headers } = request;
  const document = method === 'GET' ? discover(url.pathname) : undefined;
  if (document !== undefined) return { code: 200, body: document };
  const { group, version, namespace, plural, name } = form.exec(url.pathname)?.groups ?? {};
  const apiVersion = group === undefined ? version : `${group}/${version}`;
  const kind = kinds.find((entry) => entry.apiVersion === apiVersion && entry.plural === plural);
  if (kind === undefined) return refuse(404, 'NotFound', 'the server could not find the requested resource');
  const call: Call = { ...request, objects, kind, namespace };

  if (name === undefined && method === 'GET') return list(call);
  if (name === undefined && method === 'POST') return create(call);
  if (name === undefined) return refuse(405, 'MethodNotAllowed', 'the server does not allow this method');
  const live = objects.get(kind, { name, ...(namespace && { namespace }) });
  if (headers['content-type'] === 'application/apply-patch+yaml')
    return refuseNamespace(call) ?? write(call, live, placed(call), 'Apply');
  if (live === undefined) return refuseObject(404, 'NotFound', kind, name, 'not found');
  if (method === 'GET') return { code: 200, body: live };
  if (method === 'DELETE') return remove(call, live);
  if (method === 'PUT') return replace(call, live, request.body as KubeObject);
  return patch(call, live);
}

function list({ objects, kind, namespace, url, headers }: Call): Answer {
  const matches = parseSelector(url.searchParams.get('labelSelector') ?? '');
  if (matches === undefined) return refuse(400, 'BadRequest', 'unable to parse requirement');
  const after = Buffer.from(url.searchParams.get('continue') ?? '', 'base64url').toString();
  const all = objects.list(kind, namespace).filter(({ metadata }) => matches(metadata.labels ?? {}));
  const rest = all.filter(({ metadata }) => keyOf(metadata) > after);
  const page = rest.slice(0, Number(url.searchParams.get('limit')) || undefined);
  const end = page.length < rest.length ? page.at(-1) : undefined;
  const next = end && { continue: Buffer.from(keyOf(end.metadata)).toString('base64url') };
  const metadata = { resourceVersion: objects.version(), ...next };
  const partial = headers.accept?.startsWith('application/json;as=PartialObjectMetadataList;');
  const { apiVersion, kind: name } = partial ? { apiVersion: 'meta.k8s.io/v1', kind: 'PartialObjectMetadata' } : kind;
  const items = partial ? page.map((object) => ({ apiVersion, kind: name, metadata: object.metadata })) : page;
  return { code: 200, body: { apiVersion, kind: `${name}List`, metadata, items } };
}

function create(call: Call): Answer {
  const object = placed(call);
  const { name } = object.metadata;
  if (!name) return refuse(422, 'Invalid', 'metadata.name: is required');
  if (call.objects.get(call.kind, object.metadata) !== undefined)
    return refuseObject(409, 'AlreadyExists', call.kind, name, 'already exists');
  return refuseNamespace(call) ?? write(call, undefined, object, 'Update');
}

function replace(call: Call, live: KubeObject, next: KubeObject): Answer {
  const { resourceVersion, uid } = { ...live.metadata, ...next.metadata };
  const stale = resourceVersion !== live.metadata.resourceVersion || uid !== live.metadata.uid;
  if (stale) return refuseObject(409, 'Conflict', call.kind, live.metadata.name, 'has been modified');
  return write(call, live, next, 'Update');
}

function patch(call: Call, live: KubeObject): Answer {
  if (call.headers['content-type'] !== 'application/json-patch+json')
    return refuse(415, 'UnsupportedMediaType', 'Unsupported Media Type');
  const next = patchJson(live, call.body as readonly JsonPatchOperation[]);
  if (next !== undefined) return replace(call, live, next as KubeObject);
  return refuse(422, 'Invalid', 'the server rejected our request due to an error in our request');
}

function remove({ objects, kind, body }: Call, live: KubeObject): Answer {
  const options = (body ?? {}) as { readonly preconditions?: object; readonly dryRun?: readonly string[] };
  const { name, uid, resourceVersion } = live.metadata;
  if (!isDeepStrictEqual({ uid, resourceVersion, ...options.preconditions }, { uid, resourceVersion }))
    return refuseObject(409, 'Conflict', kind, name, 'has been modified');
  if (options.dryRun === undefined) objects.remove(kind, live);
  return { code: 200, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' } };
}

function write(call: Call, live: KubeObject | undefined, given: KubeObject, operation: 'Apply' | 'Update'): Answer {
  const { searchParams } = call.url;
  const manager = searchParams.get('fieldManager') ?? call.headers['user-agent']?.split('/')[0] ?? 'unknown';
  const object = writeAs(manager, operation, live, given);
  const written = call.objects.write(call.kind, live, object, searchParams.get('dryRun') === 'All');
  return { code: live === undefined ? 201 : 200, body: written };
}

/** The object of the body in the namespace of the path. */
function placed({ kind: { apiVersion, kind }, namespace, body }: Call): KubeObject {
  const object = body as KubeObject;
  return { ...object, apiVersion, kind, metadata: { ...object.metadata, ...(namespace && { namespace }) } };
}

function refuseNamespace({ objects, namespace }: Call): Answer | undefined {
  if (namespace === undefined || objects.get(namespaces, { name: namespace }) !== undefined) return undefined;
  return refuseObject(404, 'NotFound', namespaces, namespace, 'not found');
}

function refuseObject(code: number, reason: string, kind: ResourceKind, name: string, found: string): Answer {
  const resource = [kind.plural, groupOf(kind.apiVersion)].filter(Boolean).join('.');
  return refuse(code, reason, `${resource} "${name}" ${found}`, { name, kind: kind.plural });
}

export function refuse(code: number, reason: string, message: string, details: object = {}): Answer {
  const kind = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' };
  return { code, body: { ...kind, message, reason, details, code } };
}
