/** A JSON value as the API server takes and gives it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };
export type JsonObject = { readonly [key: string]: Json | undefined };

export interface OwnerReference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly uid: string;
  readonly controller?: boolean;
}

export interface ManagedFields {
  readonly manager?: string;
  readonly operation?: 'Apply' | 'Update';
  readonly apiVersion?: string;
  readonly subresource?: string;
  readonly time?: string;
  readonly fieldsV1?: JsonObject;
}

/** Metadata as git or the API server gives it; the fields that Sluice reads. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string | null;
  readonly deletionTimestamp?: string;
  readonly labels?: { readonly [key: string]: string };
  readonly annotations?: { readonly [key: string]: string };
  readonly ownerReferences?: readonly OwnerReference[];
  readonly finalizers?: readonly string[];
  readonly managedFields?: readonly ManagedFields[];
}

/** An object of Kubernetes: rendered from git, or live. */
export interface KubeObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** An object, and where in the checkout it was read. */
export interface Manifest {
  readonly object: KubeObject;
  /** Path relative to the checkout, or the renderer's own word for it (`kustomize build overlays/prod`). */
  readonly file: string;
  /** First line of the document in that file, from 1; absent where a tool printed it. */
  readonly line?: number;
}

/** `apps` of `apps/v1`, the empty text of `v1`. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** A kind within its group: `Deployment.apps`, `Service`. The form of KEP-3659's `contains-group-kinds`. */
export type GroupKind = string;

export function groupKindOf(object: { readonly apiVersion: string; readonly kind: string }): GroupKind {
  const group = groupOf(object.apiVersion);
  return group === '' ? object.kind : `${object.kind}.${group}`;
}

/** Flux v1's id `namespace:kind/name`: kind in lower case, `<cluster>` where there is no namespace (facts/flux-v1.md §1.4). */
export function idOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? '<cluster>'}:${object.kind.toLowerCase()}/${object.metadata.name}`;
}

/** One entry of API discovery. */
export interface ResourceKind {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}
