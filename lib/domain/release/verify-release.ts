import { Failure } from '../failure.ts';
import { formatImageRef } from '../images/image-ref.ts';
import type { ReleaseResults } from './release-result.ts';
import type { DefinedWorkload } from './release-world.ts';

/**
 * The check after the files were edited and read again: what was, with the updates applied, has to be what is (facts/flux-v1.md §1.13).
 * Throws a `server` Failure that names the first difference: then nothing may be committed.
 */
export function verifyRelease(
  before: readonly DefinedWorkload[],
  results: ReleaseResults,
  after: readonly DefinedWorkload[],
): void {
  const found = new Map(after.map((workload) => [workload.id, workload]));
  for (const workload of before) {
    const now = found.get(workload.id);
    if (now === undefined) throw changed(workload.id, 'it is gone after the edit');
    found.delete(workload.id);
    const wanted = imagesOf(expected(workload, results));
    const images = imagesOf(now);
    if (images.join('\n') !== wanted.join('\n')) {
      throw changed(workload.id, `its images should be ${wanted.join(', ')} and are ${images.join(', ')}`);
    }
  }
  for (const id of found.keys()) throw changed(id, 'it is new after the edit');
}

function expected(workload: DefinedWorkload, results: ReleaseResults): DefinedWorkload {
  const updates = new Map(results.get(workload.id)?.containers.map(({ container, target }) => [container, target]));
  return {
    ...workload,
    // Of containers of one name only the first is edited (§2.4).
    containers: workload.containers.map((container) => {
      const image = updates.get(container.name);
      updates.delete(container.name);
      return image === undefined ? container : { ...container, image };
    }),
  };
}

function imagesOf({ containers }: DefinedWorkload): readonly string[] {
  return containers.map(({ name, image }) => `${name}=${formatImageRef(image)}`);
}

function changed(id: string, state: string): Failure {
  return new Failure('server', `Cannot release "${id}": failed to verify changes: ${state}`);
}
