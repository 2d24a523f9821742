import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Checkout } from '../../app/ports.ts';
import { Failure } from '../../domain/failure.ts';
import type { Source } from '../../domain/settings/settings.ts';
import { withoutCredentials } from './address.ts';
import type { Cache } from './cache.ts';
import { fetchBranch, fetchCommit } from './fetch.ts';
import { createKeyring, type Keyring } from './keyring.ts';
import { lastGood } from './last-good.ts';
import { healing, type OpenRemote, type Workshop, withCache } from './remote.ts';
import { judgeCommit, judgeHistory } from './verify.ts';
import { createView, type View } from './view.ts';
import { readCommit } from './write-repository.ts';

/**
 * The commit that may be synced when the branch is at `commit` (Flux v1's rule, facts/flux-v1.md §1.3).
 *
 * - `none`: `commit`.
 * - `head`: `commit`, if its signature is good; what is before it is not looked at.
 * - `all`, `first-parent`: the last good commit before the first bad one, of those since `verifiedUpTo`, which must itself still verify
 *   (a key that was taken out of the list stops the sync). At the first time, without `verifiedUpTo`, all history is judged, as
 *   Flux does it without its tag: a repository that began to sign later is first synced once with `head`, which sets `verifiedUpTo`.
 *
 * Refused with a `user` Failure, code `NotVerified`: a history with no good commit, and one that was rewritten so that
 * `verifiedUpTo` is not part of it, since whoever may push, but not sign, could bring back an old signed state that way.
 */
export async function trustedCommit(
  workshop: Workshop,
  remote: OpenRemote,
  source: Source,
  commit: string,
  verifiedUpTo: string | undefined,
): Promise<Pick<Checkout, 'commit' | 'refused'>> {
  const { mode, keys } = source.verify;
  if (mode === 'none') return { commit };
  const keyring = await createKeyring(
    keys,
    join(remote.home, `keys-${randomUUID()}`),
    workshop.readSecret,
    workshop.path,
  );
  const kind = mode === 'head' ? 'files' : 'history';
  return await healing(workshop, remote, kind, async () => {
    const view = await createView({
      git: workshop.git,
      directory: join(remote.home, `view-${randomUUID()}`),
      home: remote.home,
      timeoutSeconds: workshop.timeoutSeconds,
      signal: remote.signal,
    });
    if (mode === 'head') {
      await readCommit(workshop, { source, remote, commit, submodules: true });
      await withCache(workshop, remote, 'files', (cache) => view.refresh(cache.directory));
      await mustBeGood(view, commit, keyring, source);
      return { commit };
    }
    await withCache(workshop, remote, 'history', (cache) => bringHistory(remote, cache, view, commit));
    return await newestTrusted(view, source, commit, verifiedUpTo, keyring);
  });
}

async function newestTrusted(
  view: View,
  source: Source,
  commit: string,
  verifiedUpTo: string | undefined,
  keyring: Keyring,
): Promise<Pick<Checkout, 'commit' | 'refused'>> {
  if (verifiedUpTo !== undefined) {
    if (!(await isAncestor(view, verifiedUpTo, commit))) throw rewritten(source, verifiedUpTo, commit);
    await mustBeGood(view, verifiedUpTo, keyring, source);
  }
  const firstParent = source.verify.mode === 'first-parent';
  const history = await judgeHistory(view, commit, verifiedUpTo, firstParent, keyring);
  const trusted = lastGood(commit, verifiedUpTo, history, firstParent);
  if (trusted.commit === undefined)
    throw notVerified(source, trusted.refused?.commit ?? commit, trusted.refused?.reason ?? 'it is bad', startHelp);
  return trusted.refused === undefined
    ? { commit: trusted.commit }
    : { commit: trusted.commit, refused: trusted.refused };
}

const startHelp =
  'If the repository began to sign later, sync it once with verify.mode head: history counts from there on';

/** All commits of the branch without their files: small, and once here only what is new comes. */
async function bringHistory(remote: OpenRemote, cache: Cache, view: View, commit: string): Promise<void> {
  await view.refresh(cache.directory);
  if (await view.has(commit)) return;
  if (cache.plain) await fetchBranch(remote, cache.directory, {});
  else await fetchCommit(remote, cache.directory, commit, { filter: 'tree:0' });
  await view.refresh(cache.directory);
  if (await view.has(commit)) return;
  const url = withoutCredentials(remote.address.url);
  throw new Failure('server', `Cannot fetch "${url}": the branch is no longer at ${commit}`, { code: 'Moved' });
}

async function isAncestor(view: View, older: string, newer: string): Promise<boolean> {
  if (!(await view.has(older))) return false;
  return (await view.run(['rev-list', '--max-count=1', older, `^${newer}`, '--'])).length === 0;
}

async function mustBeGood(view: View, commit: string, keyring: Keyring, source: Source): Promise<void> {
  const { fault } = await judgeCommit(view, commit, keyring);
  if (fault !== undefined) throw notVerified(source, commit, fault);
}

function notVerified(source: Source, commit: string, state: string, help?: string): Failure {
  const about = `Cannot verify commit ${commit} of "${withoutCredentials(source.url)}"`;
  return new Failure('user', `${about}: ${state}`, { code: 'NotVerified', ...(help === undefined ? {} : { help }) });
}

function rewritten(source: Source, verifiedUpTo: string, commit: string): Failure {
  return notVerified(
    source,
    commit,
    `the history was rewritten, ${verifiedUpTo}, which was verified before, is not part of it`,
    'Push a history that continues it, or, if this was meant, sync once with verify.mode head',
  );
}
