import { digestOf } from '../../domain/digest.ts';
import type { Fault } from '../../domain/failure.ts';
import type { ObjectResult } from '../../domain/jobs/run.ts';
import { duplicateFailure, findDuplicate } from '../../domain/objects/duplicates.ts';
import { idOf, type KubeObject, type Manifest, type ResourceKind } from '../../domain/objects/kube-object.ts';
import { fieldsToLeave, scaledWorkloads } from '../../domain/objects/leave-fields.ts';
import { normalise } from '../../domain/objects/normalise.ts';
import { partOfLabel } from '../../domain/objects/ownership.ts';
import type { Desired } from '../../domain/objects/plan.ts';
import type { Target } from '../../domain/settings/settings.ts';
import type { Cluster } from '../ports.ts';
import { findKinds } from './find-kinds.ts';
import { namespaceOf } from './namespace-of.ts';

export interface Located {
  readonly desired: readonly Desired[];
  /** Objects of the render that are left out, with the reason; they count as present in git. */
  readonly skipped: readonly Skipped[];
  /** Objects that cannot be applied, whatever the cluster holds. */
  readonly refused: readonly Refused[];
  readonly warnings: readonly string[];
}

export interface Skipped {
  readonly object: KubeObject;
  readonly result: ObjectResult;
}

export interface Refused {
  readonly id: string;
  readonly fault: Fault;
  /** File, and line where it is known. */
  readonly origin: string;
  /** What was found. */
  readonly state: string;
  readonly help?: string | undefined;
}

/** HelmReleases of the Helm Operator are charts to release, not objects to apply. */
const releases: ReadonlySet<string> = new Set([
  'helm.fluxcd.io/HelmRelease',
  'flux.weave.works/FluxHelmRelease',
  'flux.weave.works/HelmRelease',
]);

/** Finds each manifest's kind and namespace, as the cluster and the CRDs of the same render say, and normalises it. */
export async function locate(manifests: readonly Manifest[], target: Target, cluster: Cluster): Promise<Located> {
  const kinds = await findKinds(manifests, cluster);
  const namespace = namespaceOf(target, cluster);
  const allowed = new Set(target.allowNamespaces);
  const skipped: Skipped[] = [];
  const refused: Refused[] = [];
  const warnings: string[] = [];
  const placed: { manifest: Manifest; kind: ResourceKind; object: KubeObject; id: string }[] = [];

  function skip(object: KubeObject, error: string): void {
    skipped.push({ object, result: { id: idOf(object), action: 'skipped', error } });
  }

  for (const manifest of manifests) {
    const { object } = manifest;
    const kind = kinds.kindOf(object);
    const given = idOf(object);
    if (releases.has(`${object.apiVersion.split('/')[0]}/${object.kind}`)) {
      const release = normalise(object, true, object.metadata.namespace ?? namespace).object;
      skip(release, 'HelmReleases are not released by this version of Sluice');
      continue;
    }
    if (!('plural' in kind)) {
      refused.push({ id: given, origin: originOf(manifest), ...kind });
      continue;
    }
    const normalised = normalise(object, kind.namespaced, object.metadata.namespace ?? namespace);
    const id = idOf(normalised.object);
    const outside = outsideOf(normalised.object, allowed);
    if (outside !== undefined) {
      skip(normalised.object, `namespace "${outside}" is not in allowNamespaces of the target`);
      continue;
    }
    if (object.metadata.labels?.[partOfLabel] !== undefined) {
      refused.push({
        id,
        fault: 'user',
        origin: originOf(manifest),
        state: `a manifest may not bring the label ${partOfLabel}`,
        help: 'Remove the label: Sluice sets it on what it applies',
      });
      continue;
    }
    for (const warning of normalised.warnings) warnings.push(`${id}: ${warning}`);
    placed.push({ manifest, kind, object: normalised.object, id });
  }
  const duplicate = findDuplicate(
    placed.map(({ manifest, object }) => ({ ...manifest, object })),
    (object) => object.metadata.namespace,
  );
  if (duplicate !== undefined) throw duplicateFailure(duplicate);
  const scaled = scaledWorkloads(placed.map(({ object }) => object));
  const desired = placed.map(({ manifest, kind, object, id }) => ({
    id,
    kind,
    object,
    digest: digestOf(object),
    leave: fieldsToLeave(object, target.ignore, scaled),
    origin: originOf(manifest),
  }));
  return { desired, skipped, refused, warnings };
}

function originOf(manifest: Manifest): string {
  return manifest.line === undefined ? manifest.file : `${manifest.file}:${manifest.line}`;
}

/** The namespace of an object that the target may not touch; a Namespace counts as being in itself (facts/flux-v1.md §1.4). */
function outsideOf(object: KubeObject, allowed: ReadonlySet<string>): string | undefined {
  if (allowed.size === 0) return undefined;
  const namespace = object.kind === 'Namespace' ? object.metadata.name : object.metadata.namespace;
  return namespace === undefined || allowed.has(namespace) ? undefined : namespace;
}
