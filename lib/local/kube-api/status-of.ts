import { fieldAt } from '../../domain/health/live-field.ts';
import type { KubeObject } from '../../domain/objects/kube-object.ts';

const statuses: Readonly<Record<string, (object: KubeObject) => object>> = {
  Namespace: () => ({ phase: 'Active' }),
  PersistentVolumeClaim: () => ({ phase: 'Bound' }),
  Service: (service) => ({
    loadBalancer: fieldAt(service, 'spec.type') === 'LoadBalancer' ? { ingress: [{ ip: '127.0.0.1' }] } : {},
  }),
  HorizontalPodAutoscaler: () => ({
    conditions: [{ type: 'AbleToScale', status: 'True', reason: 'SucceededGetScale' }],
  }),
  Deployment(deployment) {
    const replicas = fieldAt(deployment, 'spec.replicas') ?? 1;
    const counts = { replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas };
    const conditions = [
      { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' },
      { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' },
    ];
    return { observedGeneration: deployment.metadata.generation, ...counts, conditions };
  },
};

/** What a cluster's controllers say of the object once all went well; undefined if they say nothing. */
export function statusOf(object: KubeObject): object | undefined {
  return statuses[object.kind]?.(object);
}
