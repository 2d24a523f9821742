import { Failure } from '../../domain/failure.ts';
import type { Source } from '../../domain/settings/settings.ts';
import { withoutCredentials } from './address.ts';
import { fetchBranch, fetchedCommit, listRefs } from './fetch.ts';
import { openJob } from './job.ts';
import { openRemote, type Workshop, withCache } from './remote.ts';
import { readsAll } from './write-repository.ts';

/**
 * The commits of these branches of a source's repository; those that are not there are absent. `isPush`: there is something to fetch, so one
 * branch alone is fetched by the same exchange.
 */
export async function askHeads(
  workshop: Workshop,
  source: Source,
  branches: ReadonlySet<string>,
  { isPush, signal }: { readonly isPush: boolean; readonly signal: AbortSignal | undefined },
): Promise<ReadonlyMap<string, string>> {
  const fetched = isPush && branches.size === 1 ? await fetchHead(workshop, source, signal) : undefined;
  if (fetched !== undefined) return new Map([[source.branch, fetched]]);
  return await findHeads(workshop, source, branches, signal);
}

async function findHeads(
  workshop: Workshop,
  source: Source,
  branches: ReadonlySet<string>,
  signal: AbortSignal | undefined,
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

/**
 * The head of the source's branch, brought into its cache by the exchange that asks for it: a commit that was pushed costs one exchange
 * and not two. Undefined if it fails: then it is asked for, and said why not.
 */
async function fetchHead(
  workshop: Workshop,
  source: Source,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  await using job = await openJob(workshop.jobs);
  const remote = await openRemote(workshop, source, job.directory, signal);
  return await withCache(workshop, remote, 'files', async (cache) => {
    // All of a repository may come the first time, and only what is new later.
    const patient = cache.isNew ? remote : { ...remote, timeoutSeconds: workshop.headSeconds };
    const isWhole = cache.plain || readsAll(workshop, { source, remote });
    await fetchBranch(patient, cache.directory, { depth: 1, filter: isWhole ? 'none' : 'blob:none' });
    return await fetchedCommit(patient, cache.directory);
  }).catch(() => undefined);
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
