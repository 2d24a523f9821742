import { describe, expect, it } from 'vitest';
import { failureOf, type Refusal, type Status } from '../../../lib/adapters/cluster/failures.ts';

function refused(status: number, reason: string | undefined, message: string, details?: Status['details']): Refusal {
  return { status, body: { message, ...(reason && { reason }), ...(details && { details }) } };
}

const named = { name: 'x', kind: 'configmaps' };

const answers: readonly [title: string, refusal: Refusal, fault: string, code: string, help?: RegExp][] = [
  ['unknown account', refused(401, 'Unauthorized', 'Unauthorized'), 'user', 'Unauthorized', /has expired/],
  [
    'account taken for nobody',
    refused(403, 'Forbidden', 'forbidden: User "system:anonymous" cannot get path "/api/v1"'),
    'user',
    'Unauthorized',
    /has expired/,
  ],
  ['no rights', refused(403, 'Forbidden', 'x is forbidden'), 'user', 'Forbidden', /--rbac/],
  ['object not there', refused(404, 'NotFound', 'configmaps "x" not found', named), 'missing', 'NotFound'],
  [
    'namespace not there',
    refused(404, 'NotFound', 'namespaces "x" not found', { name: 'x', kind: 'namespaces' }),
    'missing',
    'NotFound',
    /Create the namespace/,
  ],
  [
    'kind not there',
    refused(404, 'NotFound', 'the server could not find the requested resource', {}),
    'missing',
    'NotServed',
    /CRD/,
  ],
  ['path not there', refused(404, undefined, '404 page not found'), 'missing', 'NotServed', /CRD/],
  ['lost race', refused(409, 'Conflict', 'the object has been modified', named), 'server', 'Conflict'],
  ['already there', refused(409, 'AlreadyExists', 'configmaps "x" already exists', named), 'server', 'AlreadyExists'],
  [
    'field of another manager',
    refused(409, 'Conflict', 'Apply failed with 1 conflict', { causes: [{ reason: 'FieldManagerConflict' }] }),
    'user',
    'Conflict',
  ],
  ['list too old', refused(410, 'Expired', 'The provided continue parameter is too old'), 'server', 'Expired'],
  ['too large', refused(413, 'RequestEntityTooLarge', 'limit is 3145728'), 'user', 'RequestEntityTooLarge', /1.5 MB/],
  [
    'no server-side apply',
    refused(415, 'UnsupportedMediaType', 'the body of the request was in an unknown format'),
    'user',
    'UnsupportedMediaType',
    /1.20/,
  ],
  ['not valid', refused(422, 'Invalid', 'ConfigMap "x" is invalid'), 'user', 'Invalid'],
  [
    'immutable selector',
    refused(422, 'Invalid', 'Deployment.apps "x" is invalid: spec.selector: Invalid value: …: field is immutable'),
    'user',
    'Invalid',
    /force: enabled/,
  ],
  [
    'immutable StatefulSet',
    refused(
      422,
      'Invalid',
      "spec: Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden",
    ),
    'user',
    'Invalid',
    /force: enabled/,
  ],
  ['too many requests', refused(429, 'TooManyRequests', 'please try again later'), 'server', 'TooManyRequests'],
  [
    '500 without reason',
    { status: 500, body: { kind: 'Status', message: '.data: expected map, got &{5}' } },
    'user',
    'Invalid',
    /schema/,
  ],
  ['500 of a proxy', refused(500, undefined, 'oops'), 'server', 'InternalError'],
  [
    'typed patch with a reason',
    refused(500, 'InternalError', 'failed to create typed patch object (a/b; v1): .x: field not declared'),
    'user',
    'InternalError',
    /schema/,
  ],
  [
    'conversion',
    refused(500, 'InternalError', 'failed to convert new object (a/b): illegal base64 data'),
    'user',
    'InternalError',
    /schema/,
  ],
  ['our server', refused(500, 'InternalError', 'etcdserver: leader changed'), 'server', 'InternalError'],
  [
    'webhook away',
    refused(
      500,
      'InternalError',
      'Internal error occurred: failed calling webhook "policy.acme.io": Post "https://p.svc": connection refused',
    ),
    'server',
    'WebhookUnreachable',
    /"policy.acme.io"/,
  ],
  [
    'webhook denies',
    refused(403, 'Forbidden', 'admission webhook "policy.acme.io" denied the request: no'),
    'user',
    'Forbidden',
    /policy of the webhook "policy.acme.io"/,
  ],
  [
    'webhook without dry run',
    refused(400, 'BadRequest', 'admission webhook "policy.acme.io" does not support dry run'),
    'user',
    'DryRunUnsupported',
    /"policy.acme.io"/,
  ],
  [
    'namespace going',
    refused(403, 'Forbidden', 'unable to create new content', { causes: [{ reason: 'NamespaceTerminating' }] }),
    'server',
    'NamespaceTerminating',
    /being deleted/,
  ],
  ['a proxy', refused(503, undefined, ''), 'server', 'ServiceUnavailable'],
  ['a redirect', refused(302, undefined, 'it redirects to https://login'), 'user', 'HTTP 302'],
];

describe('an answer of the API server says who has to act', () => {
  it.each(answers)('%s', (_, refusal, fault, code, help) => {
    const failure = failureOf('apply "default:configmap/x"', refusal);
    expect(failure).toMatchObject({ fault, code });
    expect(failure.message).toMatch(/^Cannot apply "default:configmap\/x": \S/);
    if (help) expect(failure.help).toMatch(help);
    else expect(failure.help).toBeUndefined();
  });

  it('in its own words, or in better ones where it has just one', () => {
    expect(failureOf('read "x"', refused(503, undefined, '')).message).toBe('Cannot read "x": the server answers 503');
    expect(failureOf('read "x"', refused(401, 'Unauthorized', 'Unauthorized')).message).toBe(
      'Cannot read "x": the server does not accept the credentials of the kubeconfig',
    );
  });

  it('in at most 2,000 characters of its own, both ends kept', () => {
    const { message } = failureOf('apply "x"', refused(422, 'Invalid', `begin${'x'.repeat(1_000_000)}end`));
    expect(message.length).toBeLessThan(2_020);
    expect(message).toMatch(/^Cannot apply "x": beginx+ … x+end$/);
  });
});
