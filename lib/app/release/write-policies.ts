import { asFailure, Failure } from '../../domain/failure.ts';
import { policyMessage } from '../../domain/release/commit-message.ts';
import { reasons, updated, type WorkloadResult, without } from '../../domain/release/release-result.ts';
import type { PolicySpec } from '../../domain/release/release-spec.ts';
import { formatWorkloadId, parseWorkloadId } from '../../domain/release/workload-id.ts';
import type { Writer } from '../../domain/release/writer-settings.ts';
import type { Draft } from '../release-ports.ts';
import { causeOf, commitDraft, messageFor } from './commit-draft.ts';
import type { ReleaseContext, ReleasePorts } from './release-context.ts';
import type { Known, Written } from './write-release.ts';

/** Sets and removes policies of workloads, with one commit. One that has them already is `skipped`; nothing to change is no commit. */
export async function writePolicies(
  writer: Writer,
  spec: PolicySpec,
  known: Pick<Known, 'running'>,
  context: ReleaseContext,
  ports: ReleasePorts,
): Promise<Written> {
  const [{ name: target }] = writer.targets;
  let results = new Map<string, WorkloadResult>();

  async function edit(draft: Draft): Promise<string> {
    results = new Map();
    const defined = draft.defined.get(target);
    if (defined instanceof Failure) throw defined;
    const ids = new Set(defined?.workloads.map(({ id }) => id));
    for (const [written, update] of Object.entries(spec.workloads)) {
      const id = formatWorkloadId(parseWorkloadId(written));
      results.set(id, ids.has(id) ? await editOne(draft, id, update) : without('skipped', reasons.notInRepository));
    }
    return messageFor(writer, policyMessage(spec, causeOf(context)), results, context);
  }

  async function editOne(draft: Draft, id: string, update: PolicySpec['workloads'][string]): Promise<WorkloadResult> {
    const before = new Map(draft.files);
    try {
      await draft.setPolicies(target, id, update);
    } catch (error) {
      const failure = asFailure(error);
      if (failure.fault === 'server') throw failure;
      return without('failed', failure.message);
    }
    const isSame = [...draft.files].every(([path, text]) => before.get(path) === text);
    return isSame ? without('skipped', reasons.policiesUpToDate) : updated([]);
  }

  const { isKnown: _, ...committed } = await commitDraft(writer, known.running, edit, context, ports);
  return { results: [{ target, results }], warnings: [], ...committed };
}
