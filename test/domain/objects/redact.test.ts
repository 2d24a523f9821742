import { expect, it } from 'vitest';
import type { KubeObject } from '../../../lib/domain/objects/kube-object.ts';
import { describeSecretRefusal, redact, secretValues } from '../../../lib/domain/objects/redact.ts';

function secret(fields: object): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, ...fields };
}

it('cuts a value in every form in which a message may quote it', () => {
  const values = secretValues([
    secret({ stringData: { a: 'line "one"\n' }, data: { b: Buffer.from('hunter22').toString('base64') } }),
  ]);
  for (const form of [
    'line "one"',
    JSON.stringify('line "one"\n'),
    'hunter22',
    'aHVudGVyMjI=',
    Buffer.from('line "one"\n').toString('base64'),
  ]) {
    expect(redact(`cannot parse ${form} here`, values)).not.toContain(form.slice(0, 6));
  }
});

it('the longest value is cut first, so that no rest of it stays', () => {
  const values = secretValues([secret({ stringData: { a: 'abcd', b: 'abcdefgh' } })]);
  expect(redact('x abcdefgh abcd y', values)).toBe('x *** *** y');
});

it('values of other kinds and values too short to tell from words stay', () => {
  const values = secretValues([
    secret({ stringData: { a: 'on', n: 7 } }),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' }, data: { a: 'public-value' } },
  ]);
  expect(redact('turn on 7 public-value', values)).toBe('turn on 7 public-value');
});

it.each([
  [
    'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 3, error found in #10 byte of ...|"hunter22"',
    'BadRequest',
    /not base64/,
  ],
  [
    'Secret "x" is invalid: data: Too long: must have at most 1048576 characters: hunter22',
    'Invalid',
    /^data: Too long$/,
  ],
  [
    '.stringdata: field not declared in schema',
    'Invalid',
    /^it has a field that no Secret has; did you mean stringData\?$/,
  ],
  ['.hunter22: field not declared in schema', 'Invalid', /^it has a field that no Secret has$/],
  ['.data.password: expected string', 'Invalid', /^data\.password: expected string$/],
  ['data[.dockerconfigjson]: Required value', 'Invalid', /^data\[\.dockerconfigjson\]: Required value$/],
  [
    '[data[a b]: Invalid value: "hunter22": not valid, type: Invalid value: "hunter22": field is immutable]',
    'Invalid',
    /^type: Invalid value$/,
  ],
  ['something that quotes hunter22', 'Invalid', /^Invalid; what the server says is withheld/],
  ['something that quotes hunter22', undefined, /^it was refused/],
])('of a refused Secret is said: %s', (message, code, expected) => {
  const said = describeSecretRefusal(message, code);
  expect(said).toMatch(expected);
  expect(said).not.toContain('hunter22');
});
