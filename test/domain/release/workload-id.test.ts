import { expect, it } from 'vitest';
import { formatWorkloadId, parseWorkloadId } from '../../../lib/domain/release/workload-id.ts';
import { describeShared } from '../../shared.ts';
import { sharedCases } from '../../shared-cases.ts';

it.each([
  ['shop:Deployment/web', undefined, 'shop:deployment/web'],
  ['<cluster>:Namespace/shop', undefined, '<cluster>:namespace/shop'],
  ['Deployment/web', 'shop', 'shop:deployment/web'],
  ['other:deployment/web', 'shop', 'other:deployment/web'],
  ['shop/web', undefined, 'shop:service/web'],
])('%s in %s is %s', (text, namespace, id) => {
  expect(formatWorkloadId(parseWorkloadId(text, namespace))).toBe(id);
});

it.each(['', 'web', 'a:b:c', 'a:b/', ':b/c', 'a/b/c', 'a:b/c d', '<other>:b/c'])('%j is no workload', (text) => {
  expect(() => parseWorkloadId(text)).toThrow(`Cannot read the workload "${text}": it is not namespace:kind/name`);
});

describeShared('misc_flux1.json', (directory) => {
  it.each(sharedCases(directory, 'misc_flux1')<{ id: string }, { error: boolean; id?: string }>('workload_id'))(
    '%s',
    (_, { input, expect: { error, id } }) => {
      if (error) expect(() => parseWorkloadId(input.id)).toThrow(/^Cannot read the workload/);
      else expect(formatWorkloadId(parseWorkloadId(input.id))).toEqual(id ?? expect.stringContaining(':'));
    },
  );
});
