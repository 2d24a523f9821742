import type { Action, RunError } from '../jobs/run.ts';
import type { KubeObject } from './kube-object.ts';

/** What a sync would do, from a dry run against the live cluster; for people and programs. */
export interface PlanView {
  /** Not the unchanged ones, in the order in which they would be touched. */
  readonly objects: readonly PlannedObject[];
  readonly summary: Readonly<Record<Action, number>>;
  readonly warnings?: readonly string[];
  /** Why a sync would fail although no object does. */
  readonly error?: RunError;
}

export interface PlannedObject {
  /** `namespace:kind/name`. */
  readonly id: string;
  readonly action: Action;
  /** The live object; absent if it would be created. */
  readonly before?: KubeObject;
  /** As the API server says it would be; absent if it would be deleted. */
  readonly after?: KubeObject;
  /** Why it failed or is skipped, what is taken over from others, why it could not be tried. */
  readonly note?: string;
}
