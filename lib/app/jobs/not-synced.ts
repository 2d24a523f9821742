import { Failure } from '../../domain/failure.ts';

/** Why nothing is done for a suspended target. */
export function suspended(target: string): Failure {
  return new Failure('user', `Cannot sync "${target}": it is suspended`, {
    help: 'Set suspend: false for it in sluice.yaml; the next push or sweep then syncs it',
  });
}

/** Why nothing is done for a target that the settings do not have, or no longer. */
export function unknownTarget(target: string): Failure {
  return new Failure('missing', `Cannot sync "${target}": there is no such target`, {
    help: 'List the targets with "sluice targets"',
  });
}
