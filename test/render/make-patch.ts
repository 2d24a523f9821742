import type { Json, KubeObject } from '../../lib/domain/objects/kube-object.ts';
import { type MergeRules, mergeRulesOf } from '../../lib/render/merge-keys.ts';

type JsonMap = { readonly [key: string]: Json | undefined };

/** A patch as Flux v1 writes it into its patch file: what makes `to` of `from`, with `$setElementOrder` for lists that are merged. */
export function makePatch(from: KubeObject, to: KubeObject): KubeObject {
  const { apiVersion, kind, metadata } = to;
  const changes = difference(from as unknown as JsonMap, to as unknown as JsonMap, mergeRulesOf(to));
  const { name, namespace } = metadata;
  const identity = { name, ...(namespace !== undefined && { namespace }) };
  return { ...changes, apiVersion, kind, metadata: { ...(changes.metadata as object), ...identity } };
}

function difference(from: JsonMap, to: JsonMap, rules: MergeRules | undefined): JsonMap {
  const patch: Record<string, Json> = {};
  for (const field of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const [before, after] = [from[field], to[field]];
    if (JSON.stringify(before) === JSON.stringify(after)) continue;
    const rule = rules?.[field];
    if (after === undefined) patch[field] = null;
    else if (isMap(before) && isMap(after))
      patch[field] = difference(before, after, rules && (rule?.rules ?? {})) as Json;
    else if (Array.isArray(before) && Array.isArray(after) && rule?.key !== undefined && rule.key !== '') {
      const { key } = rule;
      patch[`$setElementOrder/${field}`] = after.map((item: JsonMap) => ({ [key]: item[key] }));
      patch[field] = [
        ...after.map((item: JsonMap) => {
          const same = before.find((other: JsonMap) => other[key] === item[key]);
          return { ...(same ? difference(same, item, rule.rules ?? {}) : item), [key]: item[key] };
        }),
        ...before
          .filter((item: JsonMap) => !after.some((other: JsonMap) => other[key] === item[key]))
          .map((item: JsonMap) => ({ [key]: item[key], $patch: 'delete' })),
      ] as Json;
    } else patch[field] = after;
  }
  return patch;
}

function isMap(value: Json | undefined): value is JsonMap {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
