import { Failure } from '../../domain/failure.ts';
import type { Source } from '../../domain/settings/settings.ts';
import { withoutCredentials } from './address.ts';
import { listRefs } from './fetch.ts';
import { openJob } from './job.ts';
import { openRemote, type Workshop } from './remote.ts';

/** The commits of these branches of a source's repository; those that are not there are absent. */
export async function findHeads(
  workshop: Workshop,
  source: Source,
  branches: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  const refs = await list(workshop, source, [...branches].map(refOf), signal);
  const commits = new Map(refs.map(({ name, commit }) => [name, commit]));
  return new Map(
    [...branches].flatMap((branch) => {
      const commit = commits.get(refOf(branch));
      return commit === undefined ? [] : [[branch, commit]];
    }),
  );
}

/** Why the source's branch is not there: a `missing` Failure that names some which are. */
export async function noBranch(workshop: Workshop, source: Source, signal: AbortSignal | undefined): Promise<Failure> {
  const about = `Cannot find the branch "${source.branch}" of "${withoutCredentials(source.url)}"`;
  const refs = await list(workshop, source, [refOf('*')], signal);
  if (refs.length === 0)
    return new Failure('missing', `${about}: the repository is empty`, {
      code: 'NoBranch',
      help: 'Push a first commit',
    });
  const branches = refs.map((ref) => ref.name.replace(refOf(''), ''));
  const some = branches.slice(0, 5).join(', ').slice(0, 300);
  return new Failure('missing', `${about}: there is no such branch`, { code: 'NoBranch', help: `There is ${some}` });
}

async function list(workshop: Workshop, source: Source, patterns: readonly string[], signal: AbortSignal | undefined) {
  await using job = await openJob(workshop.jobs);
  const remote = await openRemote(workshop, source, job.directory, signal);
  return await listRefs({ ...remote, timeoutSeconds: workshop.headSeconds }, patterns);
}

function refOf(branch: string): string {
  return `refs/heads/${branch}`;
}
