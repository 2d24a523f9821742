import { Failure, type Fault, stateOf } from '../../domain/failure.ts';
import type { ObjectResult } from '../../domain/jobs/run.ts';
import { describeSecretRefusal, redact } from '../../domain/objects/redact.ts';
import type { Applied } from './applied.ts';
import type { Prepared } from './prepare.ts';
import type { Pruned } from './prune.ts';

/** What a sync has found of the objects that it could neither apply nor delete. */
export interface FailedObjects {
  readonly results: readonly ObjectResult[];
  /** Names the first of them; undefined if there is none. */
  readonly error: Failure | undefined;
}

export interface Attempts {
  readonly prepared: Pick<Prepared, 'planned' | 'refused' | 'removals'>;
  readonly applied: readonly Applied[];
  readonly pruned: readonly Pruned[];
  /** Values that may not appear in any message. */
  readonly secrets: readonly string[];
}

interface Refusal {
  readonly id: string;
  readonly fault: Fault;
  /** Where the object is in git, if it is. */
  readonly origin?: string;
  readonly state: string;
  readonly help?: string | undefined;
}

/** What becomes of them is never both: while an object is not applied, nothing is deleted (APPLY §5). */
export function failedObjects({ prepared, applied, pruned, secrets }: Attempts): FailedObjects {
  const unapplied = [...prepared.refused, ...applied.flatMap(refusalsOf)].map(withoutSecrets);
  const undeleted = pruned.flatMap(({ result: { id }, failure }) => {
    if (failure === undefined) return [];
    const { fault, help } = failure;
    return withoutSecrets({ id, fault, help, state: stateOf(failure, 'delete') });
  });
  return {
    results: [
      ...unapplied.map(({ id, origin, state, help }) => failed(id, `${origin}: ${state}`, help)),
      ...undeleted.map(({ id, state, help }) => failed(id, `not deleted: ${state}`, help)),
    ],
    error:
      errorOf('apply', unapplied, prepared.planned.length + prepared.refused.length) ??
      errorOf('delete', undeleted, prepared.removals.length),
  };

  function withoutSecrets<Told extends Refusal>(refusal: Told): Told {
    return { ...refusal, state: redact(refusal.state, secrets), help: refusal.help && redact(refusal.help, secrets) };
  }
}

function refusalsOf({ desired: { id, origin, object }, failure }: Applied): readonly Refusal[] {
  if (failure === undefined) return [];
  const { fault, help, message, code } = failure;
  const state = object.kind === 'Secret' ? describeSecretRefusal(message, code) : stateOf(failure, 'apply');
  return [{ id, origin, fault, state, help }];
}

function failed(id: string, state: string, help: string | undefined): ObjectResult {
  return { id, action: 'failed', error: help === undefined ? state : `${state} (${help})` };
}

function errorOf(done: 'apply' | 'delete', refusals: readonly Refusal[], of: number): Failure | undefined {
  const [first] = refusals;
  if (first === undefined) return undefined;
  // What is our fault, or may pass, is tried again soon; what only git can mend is not.
  const fault = refusals.find((refusal) => refusal.fault === 'server')?.fault ?? first.fault;
  const count = refusals.length;
  const which = count === 1 ? '' : `${count} of ${of} objects, the first `;
  const where = first.origin === undefined ? '' : ` of ${first.origin}`;
  const steps = first.help === undefined ? [] : [first.help];
  if (done === 'delete') steps.push('What git has was applied; the next sync tries to delete again');
  else if (count < of) steps.push('The other objects were applied; nothing is deleted until all are');
  else steps.push(`Nothing is deleted until ${count === 1 ? 'it is' : 'they are'} applied`);
  if (count > 1) steps.push('"sluice runs RUN" shows each');
  return new Failure(fault, `Cannot ${done} ${which}"${first.id}"${where}: ${first.state}`, {
    code: 'ObjectsFailed',
    help: steps.join('. '),
  });
}
