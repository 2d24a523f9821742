import { expect, it } from 'vitest';
import type { KubeObject, ManagedFields } from '../../../lib/domain/objects/kube-object.ts';
import { withoutPredecessors } from '../../../lib/domain/objects/remove-fields.ts';

function entry(manager: string, fieldsV1: ManagedFields['fieldsV1'], operation = 'Update'): ManagedFields {
  return { manager, operation, ...(fieldsV1 !== undefined && { fieldsV1 }) } as ManagedFields;
}

function object(fields: object, managedFields?: readonly ManagedFields[]): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Thing',
    metadata: { name: 'x', ...(managedFields !== undefined && { managedFields }) },
    ...fields,
  };
}

/** What is left of `fields` when kubectl had set `theirs`, others `kept`, and a new object has `fresh`. */
function left(fields: object, theirs: object, kept: object = {}, fresh?: object): unknown {
  const entries = [entry('kubectl', theirs as ManagedFields['fieldsV1']), entry('controller', kept as never)];
  const {
    metadata: _m,
    apiVersion: _a,
    kind: _k,
    ...rest
  } = withoutPredecessors(
    object(fields, entries),
    object(fields, [entry('sluice', {}, 'Apply')]),
    fresh && object(fresh),
  );
  return rest;
}

const env = [{ name: 'A', value: '1' }, { name: 'B' }];

const others = { 'f:env': { 'k:{"name":"B"}': {} } };

it.each([
  [
    'a field of kubectl goes',
    { spec: { a: 1, b: 2 } },
    { 'f:spec': { 'f:a': {} } },
    { 'f:spec': { 'f:b': {} } },
    undefined,
    { spec: { b: 2 } },
  ],
  [
    'with its parent, if nobody has anything of it',
    { spec: { a: 1 } },
    { 'f:spec': { '.': {}, 'f:a': {} } },
    {},
    undefined,
    {},
  ],
  [
    'a field that another manager holds too stays',
    { spec: { a: 1 } },
    { 'f:spec': { 'f:a': {} } },
    { 'f:spec': { 'f:a': {} } },
    undefined,
    { spec: { a: 1 } },
  ],
  [
    'a default of the API server comes back',
    { spec: { a: 1 } },
    { 'f:spec': { 'f:a': {} } },
    {},
    { spec: { a: 7 } },
    { spec: { a: 7 } },
  ],
  [
    'an element of a list goes by its keys',
    { env },
    { 'f:env': { 'k:{"name":"A"}': { '.': {}, 'f:value': {} } } },
    others,
    undefined,
    { env: [{ name: 'B' }] },
  ],
  [
    'an element that a new object has comes back as it is there',
    { env },
    { 'f:env': { 'k:{"name":"A"}': {} } },
    others,
    { env: [{ name: 'A', value: 'default' }] },
    { env: [{ name: 'A', value: 'default' }, { name: 'B' }] },
  ],
  [
    'a value of a set goes',
    { finalizers: ['a', 'b'] },
    { 'f:finalizers': { 'v:"a"': {} } },
    { 'f:finalizers': { 'v:"b"': {} } },
    undefined,
    { finalizers: ['b'] },
  ],
  [
    'what is not there any more is passed over',
    { spec: { b: 2 }, env },
    { 'f:spec': { 'f:a': {} }, 'f:env': { 'k:{"name":"C"}': {} }, 'f:gone': {} },
    { 'f:spec': { 'f:b': {} }, ...others },
    undefined,
    { spec: { b: 2 }, env },
  ],
])('%s', (_, fields, theirs, kept, fresh, expected) => {
  expect(left(fields, theirs, kept, fresh)).toEqual(expected);
});

it('an object that nobody wrote by kubectl is what the apply answers', () => {
  const after = object({ spec: { a: 1 } });
  expect(withoutPredecessors(object({ spec: { a: 1 } }), after, undefined)).toEqual(after);
  const entries = [entry('kubectl', undefined), entry('controller', undefined)];
  expect(withoutPredecessors(object({ spec: { a: 1 } }, entries), after, undefined)).toEqual(after);
});
