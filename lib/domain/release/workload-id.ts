import { Failure } from '../failure.ts';

/** `namespace:kind/name`, the kind in lower case (facts/flux-v1.md §3). */
export interface WorkloadId {
  /** `<cluster>` for what is in no namespace. */
  readonly namespace: string;
  readonly kind: string;
  readonly name: string;
}

const full = /^(<cluster>|[a-zA-Z0-9_-]+):([a-zA-Z0-9_-]+)\/([a-zA-Z0-9_.:-]+)$/;
const withoutNamespace = /^([a-zA-Z0-9_-]+)\/([a-zA-Z0-9_.:-]+)$/;
const old = /^([a-zA-Z0-9_-]+)\/([a-zA-Z0-9_-]+)$/;

/**
 * Reads an id; with a namespace given also `kind/name`, without one the old `namespace/service`. Throws a `user` Failure.
 */
export function parseWorkloadId(text: string, namespace?: string): WorkloadId {
  const [, ofNamespace, kind, name] = full.exec(text) ?? [];
  if (ofNamespace !== undefined && kind !== undefined && name !== undefined) {
    return { namespace: ofNamespace, kind: kind.toLowerCase(), name };
  }
  const [, first, second] = (namespace === undefined ? old : withoutNamespace).exec(text) ?? [];
  if (first !== undefined && second !== undefined) {
    return namespace === undefined
      ? { namespace: first, kind: 'service', name: second }
      : { namespace, kind: first.toLowerCase(), name: second };
  }
  throw new Failure('user', `Cannot read the workload "${text}": it is not namespace:kind/name`, {
    help: 'Write it as in shop:deployment/web',
  });
}

export function formatWorkloadId({ namespace, kind, name }: WorkloadId): string {
  return `${namespace}:${kind}/${name}`;
}
