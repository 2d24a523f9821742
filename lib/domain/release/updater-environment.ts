import { formatImageName, type ImageRef } from '../images/image-ref.ts';
import { formatWorkloadId, type WorkloadId } from './workload-id.ts';

export type Variables = Readonly<Record<string, string>>;

function workloadVariables(workload: WorkloadId): Variables {
  const { namespace, kind, name } = workload;
  return {
    FLUX_WORKLOAD: formatWorkloadId(workload),
    FLUX_WL_NS: namespace,
    FLUX_WL_KIND: kind,
    FLUX_WL_NAME: name,
  };
}

/** What a `containerImage` updater of `.flux.yaml` is called with, beside PATH (facts/flux-v1.md §1.7). */
export function imageVariables(workload: WorkloadId, container: string, image: ImageRef): Variables {
  return {
    ...workloadVariables(workload),
    FLUX_CONTAINER: container,
    FLUX_IMG: formatImageName(image),
    FLUX_TAG: image.tag ?? '',
  };
}

/** What a `policy` updater is called with; without a value the policy is to be removed. */
export function policyVariables(workload: WorkloadId, policy: string, value: string | undefined): Variables {
  return {
    ...workloadVariables(workload),
    FLUX_POLICY: policy,
    ...(value !== undefined && { FLUX_POLICY_VALUE: value }),
  };
}
