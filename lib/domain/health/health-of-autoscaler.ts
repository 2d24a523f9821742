import type { KubeObject } from '../objects/kube-object.ts';
import type { Health } from './health-status.ts';
import { type Condition, conditionsOf, toCondition } from './live-field.ts';

/** What git can be wrong about; reasons that are about metrics are left out on purpose (the table in health.ts). */
const failures: ReadonlySet<string> = new Set([
  'AbleToScale FailedGetScale',
  'AbleToScale FailedUpdateScale',
  'ScalingActive InvalidSelector',
]);

export function autoscalerHealth(autoscaler: KubeObject): Health {
  const conditions = autoscaler.apiVersion === 'autoscaling/v1' ? annotated(autoscaler) : conditionsOf(autoscaler);
  const failure = conditions.find(
    (condition) => failures.has(`${condition.type} ${condition.reason}`) && !isLostRace(condition),
  );
  if (failure !== undefined) return { status: 'Failed', message: `${failure.reason}: ${failure.message}` };
  const works = conditions.find(
    ({ type, status }) => status === 'True' && (type === 'AbleToScale' || type === 'ScalingLimited'),
  );
  if (works === undefined) return { status: 'InProgress', message: 'Waits for its first look at the scale target' };
  const inactive = conditions.find(({ type, status }) => type === 'ScalingActive' && status === 'False');
  return { status: 'Current', message: (inactive ?? works).message };
}

/** Somebody wrote the workload at the same moment, as a sync does: the controller scales it at its next look. */
function isLostRace({ message }: Condition): boolean {
  return message.includes('the object has been modified');
}

/** autoscaling/v1 has no conditions of its own: the API server shows them as JSON in an annotation. */
function annotated(autoscaler: KubeObject): readonly Condition[] {
  const text = autoscaler.metadata.annotations?.['autoscaling.alpha.kubernetes.io/conditions'];
  if (text === undefined) return [];
  try {
    const entries: unknown = JSON.parse(text);
    return Array.isArray(entries) ? entries.map(toCondition) : [];
  } catch {
    return [];
  }
}
