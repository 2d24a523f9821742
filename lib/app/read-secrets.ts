import { asFailure, type Failure } from '../domain/failure.ts';
import type { SecretRef } from '../domain/settings/secret-ref.ts';

export interface ReadSecrets {
  /** In the order of the list. */
  readonly values: readonly string[];
  readonly failures: readonly Failure[];
}

/** Reads a list of secrets, as there is while one is rotated: one that cannot be read takes nothing from the others. */
export async function readSecrets(
  refs: readonly SecretRef[],
  readSecret: (ref: SecretRef) => Promise<string>,
): Promise<ReadSecrets> {
  const read = await Promise.allSettled(refs.map((ref) => readSecret(ref)));
  return {
    values: read.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    failures: read.flatMap((result) => (result.status === 'rejected' ? [asFailure(result.reason)] : [])),
  };
}
