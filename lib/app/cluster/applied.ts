import type { Failure } from '../../domain/failure.ts';
import type { KubeObject } from '../../domain/objects/kube-object.ts';
import type { Decision, Desired } from '../../domain/objects/plan.ts';

export interface Planned {
  readonly desired: Desired;
  readonly decision: Decision;
}

export interface Applied {
  readonly desired: Desired;
  readonly action: 'created' | 'configured' | 'unchanged' | 'failed';
  /** The whole object after the apply. */
  readonly live?: KubeObject;
  readonly failure?: Failure;
  /** Managers and fields that were taken from them. */
  readonly taken?: readonly string[];
}
