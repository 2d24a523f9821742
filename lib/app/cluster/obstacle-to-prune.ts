import { Failure, stateOf } from '../../domain/failure.ts';
import type { Action, ObjectResult } from '../../domain/jobs/run.ts';
import { idOf } from '../../domain/objects/kube-object.ts';
import type { Target } from '../../domain/settings/settings.ts';
import type { Prepared } from './prepare.ts';

export interface Obstacle {
  readonly reason: string;
  /** Set if the run fails of it. */
  readonly failure?: Failure;
}

/** Why nothing may be deleted now, after what was `applied` or tried by a plan; undefined if nothing is in the way (APPLY §5). */
export function obstacleToPrune(
  prepared: Prepared,
  applied: readonly { readonly action: Action }[],
  target: Target,
): Obstacle | undefined {
  const deletions = prepared.removals.filter(({ action }) => action === 'delete').length;
  const [unlisted] = prepared.members.unlisted;
  if (unlisted !== undefined) {
    const [kind, failure] = unlisted;
    const next = failure.help === undefined ? '' : `. ${failure.help}`;
    return {
      reason: `not deleted: objects of kind ${kind} could not be listed`,
      failure: new Failure(
        failure.fault,
        `Cannot list the objects of kind ${kind} that "${target.name}" owns: ${stateOf(failure, 'list')}`,
        {
          help: `What git has was applied; nothing is deleted until every kind of the inventory can be listed${next}`,
          code: 'NotListed',
        },
      ),
    };
  }
  if (deletions === 0) return undefined;
  if (!target.prune) return { reason: 'kept: prune is off' };
  const failed = prepared.refused.length + applied.filter(({ action }) => action === 'failed').length;
  if (failed > 0)
    return { reason: `not deleted: ${failed === 1 ? 'an object' : `${failed} objects`} of this revision failed` };
  if (prepared.planned.some(({ decision }) => decision.action === 'wait')) {
    return { reason: 'not deleted yet: another object of this revision is still being deleted' };
  }
  if (prepared.planned.length + prepared.skipped.length === 0 && !target.allowEmpty) {
    return {
      reason: 'not deleted: the revision renders no object at all',
      failure: new Failure(
        'user',
        `Cannot prune target "${target.name}": the revision renders no object, and ${deletions} are in the cluster`,
        {
          help: 'If all are meant to go, set allowEmpty: true on the target; else look at source.paths',
          code: 'Empty',
        },
      ),
    };
  }
  return undefined;
}

/** What would have gone. */
export function notPruned(prepared: Prepared, { reason }: Obstacle): readonly ObjectResult[] {
  return prepared.removals.flatMap((removal) =>
    removal.action === 'delete' ? [{ id: idOf(removal.live), action: 'skipped', error: reason } as const] : [],
  );
}
