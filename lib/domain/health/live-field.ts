import type { KubeObject } from '../objects/kube-object.ts';

/** One of `status.conditions`. `status` is `True`, `False` or `Unknown`. */
export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

/** What lies at `path` (`spec.replicas`) of a live object; undefined where nothing does. */
export function fieldAt(object: unknown, path: string): unknown {
  let value = object;
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

/** As `fieldAt`; a value of another type counts as absent: custom resources promise nothing about their status. */
export function numberAt(object: unknown, path: string): number | undefined {
  const value = fieldAt(object, path);
  return typeof value === 'number' ? value : undefined;
}

export function textAt(object: unknown, path: string): string | undefined {
  const value = fieldAt(object, path);
  return typeof value === 'string' ? value : undefined;
}

export function listAt(object: unknown, path: string): readonly unknown[] {
  const value = fieldAt(object, path);
  return Array.isArray(value) ? value : [];
}

export function conditionsOf(object: KubeObject): readonly Condition[] {
  return listAt(object, 'status.conditions').map(toCondition);
}

export function toCondition(entry: unknown): Condition {
  return {
    type: textAt(entry, 'type') ?? '',
    status: textAt(entry, 'status') ?? '',
    reason: textAt(entry, 'reason') ?? '',
    message: textAt(entry, 'message') ?? '',
  };
}

/** The condition of that type whose status is `True`. */
export function trueCondition(conditions: readonly Condition[], type: string): Condition | undefined {
  return conditions.find((condition) => condition.type === type && condition.status === 'True');
}
