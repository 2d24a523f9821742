import type { KubeObject } from './kube-object.ts';

/** Digest of the normalised manifest that we applied last (APPLY §2). */
export const appliedAnnotation = 'sluice.dev/applied';

/** `ignore` policy of an object, in git or live (facts/flux-v1.md §2.1); the old prefix is still read. */
export function ignorePolicy(object: KubeObject): 'true' | 'sync_only' | undefined {
  const annotations = object.metadata.annotations;
  const value = annotations?.['fluxcd.io/ignore'] ?? annotations?.['flux.weave.works/ignore'];
  return value === 'true' || value === 'sync_only' ? value : undefined;
}

export type ApplyMode = 'apply' | 'merge' | 'if-not-present' | 'ignore';

/** How Flux v2's kustomize-controller would apply it: `kustomize.toolkit.fluxcd.io/ssa` and `/reconcile`. */
export function applyMode(object: KubeObject): ApplyMode {
  const annotations = object.metadata.annotations;
  if (annotations?.['kustomize.toolkit.fluxcd.io/reconcile'] === 'disabled') return 'ignore';
  switch (annotations?.['kustomize.toolkit.fluxcd.io/ssa']) {
    case 'Merge':
      return 'merge';
    case 'IfNotPresent':
      return 'if-not-present';
    case 'Ignore':
      return 'ignore';
    default:
      return 'apply';
  }
}

/** An immutable field may be changed by deleting the object and creating it anew. */
export function mayRecreate(object: KubeObject): boolean {
  return object.metadata.annotations?.['kustomize.toolkit.fluxcd.io/force'] === 'enabled';
}

/** The live object is kept when git no longer has it. */
export function isKept(live: KubeObject): boolean {
  return (
    ignorePolicy(live) !== undefined || live.metadata.annotations?.['kustomize.toolkit.fluxcd.io/prune'] === 'disabled'
  );
}

/** A Namespace or CRD may be deleted with what is in it. */
export function cascades(live: KubeObject): boolean {
  return live.metadata.annotations?.['sluice.dev/prune'] === 'cascade';
}

/** Marks of kubectl and Flux v1 that are void once we apply the object. */
export const staleAnnotations: readonly string[] = [
  'kubectl.kubernetes.io/last-applied-configuration',
  'fluxcd.io/sync-checksum',
  'flux.weave.works/sync-checksum',
];
export const staleLabels: readonly string[] = ['fluxcd.io/sync-gc-mark', 'flux.weave.works/sync-gc-mark'];
