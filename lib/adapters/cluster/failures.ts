import { Failure, type FailureOptions, type Fault } from '../../domain/failure.ts';
import { plainMessage } from './plain-message.ts';

/** A Status of the API server (https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/), the fields that are read. */
export interface Status {
  /** `Status`; absent where a proxy answered, or the server's own mux. */
  readonly kind?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly name?: string;
    readonly kind?: string;
    readonly retryAfterSeconds?: number;
    readonly causes?: readonly { readonly reason?: string; readonly message?: string; readonly field?: string }[];
  };
}

/** An answer that is no success: its HTTP status, and the Status of its body, or the text where the body is none. */
export interface Refusal {
  readonly status: number;
  readonly body: Status;
}

interface Verdict extends FailureOptions {
  readonly fault: Fault;
  /** What was found, where the server's own word for it says too little. */
  readonly found?: string;
}

interface Rule {
  matches(refusal: Refusal, message: string): boolean;
  verdict(refusal: Refusal, message: string): Verdict;
}

const longestMessage = 2_000;
const expiredAccount =
  'Its token or certificate has expired, or belongs to another cluster: put a new kubeconfig into its secret';

/** The first rule that matches decides (APPLY §3). */
const rules: readonly Rule[] = [
  {
    matches: (_, message) => message.includes('does not support dry run'),
    verdict: (_, message) => ({
      fault: 'user',
      code: 'DryRunUnsupported',
      help: `The webhook ${webhookOf(message)} has side effects (sideEffects: Some or Unknown), so what it would do cannot be shown`,
    }),
  },
  {
    matches: (_, message) => /failed calling (admission )?webhook|failed calling \S* ?webhook/.test(message),
    verdict: (_, message) => ({
      fault: 'server',
      code: 'WebhookUnreachable',
      help: `The webhook ${webhookOf(message)} of the cluster did not answer; see whether its pods run`,
    }),
  },
  {
    matches: (_, message) => /^admission webhook ".*" denied the request/.test(message),
    verdict: ({ body }, message) => ({
      fault: 'user',
      code: body.reason ?? 'Forbidden',
      help: `The policy of the webhook ${webhookOf(message)} refuses the object as it is in git`,
    }),
  },
  {
    // A certificate of an authority that the server does not know counts as none at all where anonymous requests are allowed.
    matches: ({ status }, message) => status === 403 && message.includes('User "system:anonymous" '),
    verdict: () => ({
      fault: 'user',
      code: 'Unauthorized',
      found: 'the server takes us for an anonymous user, since it does not know the credentials of the kubeconfig',
      help: expiredAccount,
    }),
  },
  {
    matches: ({ status, body }) => status === 403 && hasCause(body, 'NamespaceTerminating'),
    verdict: () => ({
      fault: 'server',
      code: 'NamespaceTerminating',
      help: 'The namespace is being deleted; the object is created when it is gone and made anew',
    }),
  },
  {
    matches: ({ status, body }, message) =>
      status === 500 &&
      ((body.kind === 'Status' && body.reason === undefined) ||
        /^failed to (create typed patch|convert new) object/.test(message)),
    verdict: ({ body }) => ({
      fault: 'user',
      code: body.reason ?? 'Invalid',
      help: 'The manifest does not fit the schema of its kind: look at the field that is named',
    }),
  },
  {
    matches: ({ status }, message) =>
      status === 422 &&
      /field is immutable|may not change once set|updates to \S+ spec for fields other than/.test(message),
    verdict: () => ({
      fault: 'user',
      code: 'Invalid',
      help: 'A field that cannot change was changed: take the change back, or set the annotation kustomize.toolkit.fluxcd.io/force: enabled on the object, which deletes and creates it',
    }),
  },
  {
    matches: ({ status, body }) => status === 409 && hasCause(body, 'FieldManagerConflict'),
    verdict: () => ({ fault: 'user', code: 'Conflict' }),
  },
  {
    matches: ({ status, body }) => status === 404 && body.details?.name === undefined,
    verdict: () => ({
      fault: 'missing',
      code: 'NotServed',
      help: 'The server has no such kind (any more); see whether its CRD or aggregated API is installed',
    }),
  },
  {
    matches: ({ status, body }) => status === 404 && body.details?.kind === 'namespaces',
    verdict: () => ({
      fault: 'missing',
      code: 'NotFound',
      help: 'Create the namespace, or put its manifest beside the object',
    }),
  },
];

const byStatus: Readonly<Record<number, Verdict>> = {
  400: { fault: 'user', code: 'BadRequest' },
  401: {
    fault: 'user',
    code: 'Unauthorized',
    found: 'the server does not accept the credentials of the kubeconfig',
    help: expiredAccount,
  },
  403: {
    fault: 'user',
    code: 'Forbidden',
    help: '"sluice validate --rbac TARGET" prints the Role that the account needs',
  },
  404: { fault: 'missing', code: 'NotFound' },
  405: { fault: 'user', code: 'MethodNotAllowed' },
  406: { fault: 'user', code: 'NotAcceptable' },
  409: { fault: 'server', code: 'Conflict' },
  410: { fault: 'server', code: 'Expired' },
  413: { fault: 'user', code: 'RequestEntityTooLarge', help: 'An object may have about 1.5 MB' },
  415: { fault: 'user', code: 'UnsupportedMediaType', help: 'Server-side apply needs Kubernetes 1.20 or newer' },
  422: { fault: 'user', code: 'Invalid' },
  429: { fault: 'server', code: 'TooManyRequests' },
  500: { fault: 'server', code: 'InternalError' },
  502: { fault: 'server', code: 'BadGateway' },
  503: { fault: 'server', code: 'ServiceUnavailable' },
  504: { fault: 'server', code: 'Timeout' },
};

/**
 * The Failure that an answer of the API server is. `what` says what was asked, with what: `apply "default:deployment/shop"`.
 * The message ends in the server's own (plain-message.ts), of at most 2,000 characters, which may quote values of a Secret.
 */
export function failureOf(what: string, refusal: Refusal): Failure {
  const { status, body } = refusal;
  const message = body.message?.trim() || `the server answers ${status}`;
  const rule = rules.find((candidate) => candidate.matches(refusal, message));
  const known = rule?.verdict(refusal, message) ?? byStatus[status] ?? { fault: status >= 500 ? 'server' : 'user' };
  const { fault, code = body.reason ?? `HTTP ${status}`, found = shorten(plainMessage(message)), help } = known;
  return new Failure(fault, `Cannot ${what}: ${found}`, {
    code: rule === undefined && body.reason ? body.reason : code,
    ...(help !== undefined && { help }),
  });
}

export function hasCause(status: Status, reason: string): boolean {
  return status.details?.causes?.some((cause) => cause.reason === reason) === true;
}

/** Keeps both ends: which object, and what is wrong with it. */
function shorten(message: string): string {
  if (message.length <= longestMessage) return message;
  const half = longestMessage / 2 - 2;
  return `${message.slice(0, half)} … ${message.slice(-half)}`;
}

function webhookOf(message: string): string {
  return /webhook "([^"]*)"/.exec(message)?.[0].slice('webhook '.length) ?? '';
}
