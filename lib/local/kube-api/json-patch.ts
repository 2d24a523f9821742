import { isDeepStrictEqual } from 'node:util';
import type { JsonPatchOperation } from '../../app/ports.ts';

type Fields = { [field: string]: unknown } | undefined;

/** The object after operations of RFC 6902 on its fields, lists being values; undefined if one of them cannot be done. */
export function patchJson(object: object, operations: readonly JsonPatchOperation[]): object | undefined {
  const patched = structuredClone(object);
  for (const { op, path, value } of operations) {
    const steps = path.split('/').map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
    const [last = '', ...above] = steps.slice(1).reverse();
    const parent = above.reduceRight((below, step) => below?.[step] as Fields, patched as Fields);
    if (parent === undefined || Array.isArray(parent)) return undefined;
    if (op !== 'add' && !Object.hasOwn(parent, last)) return undefined;
    if (op === 'test' && !isDeepStrictEqual(parent[last], value)) return undefined;
    if (op === 'remove') delete parent[last];
    else parent[last] = value;
  }
  return patched;
}
