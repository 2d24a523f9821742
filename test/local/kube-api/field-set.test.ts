import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assemble, fromFieldsV1, leavesOf, toFieldsV1 } from '../../../lib/local/kube-api/field-set.ts';

const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant({}));
const named = (more: Record<string, fc.Arbitrary<unknown>>) =>
  fc.uniqueArray(fc.record({ name: fc.string(), ...more }), { selector: ({ name }) => name });
const labels = fc.dictionary(fc.string(), fc.string());
const env = named({ value: fc.string() });
const ports = fc.uniqueArray(fc.record({ containerPort: fc.nat(65_535), protocol: fc.constantFrom('TCP', 'UDP') }), {
  selector: ({ containerPort, protocol }) => `${containerPort}/${protocol}`,
});
const containers = named({ image: fc.string(), env, ports, args: fc.array(fc.string()), resources: scalar });
const object = fc.record(
  {
    metadata: fc.record({ labels, finalizers: fc.uniqueArray(fc.string()) }, { requiredKeys: [] }),
    spec: fc.record(
      { selector: labels, replicas: fc.nat(), template: fc.record({ containers }) },
      { requiredKeys: [] },
    ),
    data: labels,
  },
  { requiredKeys: [] },
);

describe('the leaves of an object', () => {
  it('make the object again', () => {
    fc.assert(
      fc.property(object, (value) => {
        expect(assemble(leavesOf(value))).toEqual(value);
      }),
    );
  });

  it('go through fieldsV1 and back', () => {
    fc.assert(
      fc.property(object, (value) => {
        const paths = new Set(leavesOf(value).keys());
        expect(fromFieldsV1(toFieldsV1(paths))).toEqual(paths);
      }),
    );
  });
});
