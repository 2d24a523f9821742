import type { Checkout, CheckoutOptions, Git, HeadOptions } from '../../app/ports.ts';
import type { Source } from '../../domain/settings/settings.ts';
import { explaining } from './failures.ts';
import { askHeads, noBranch } from './find-head.ts';
import { createHeads } from './heads.ts';
import { holdCheckout } from './open-checkout.ts';
import { cacheNameOf } from './remote.ts';
import { createWorkshop, type GitOptions } from './workshop.ts';

/**
 * Reads repositories with the git binary, 2.39 or newer (DESIGN §4). Beside what the port says, a Failure of `checkout` has the code
 * `Moved` when the commit is no longer at the server (resolve the head again), `NotVerified` for signatures, `DiskFull`, `TooLarge`.
 */
export function createGit(options: GitOptions): Git {
  const workshop = createWorkshop(options);
  const askOnce = createHeads(options.clock ?? Date.now);

  async function head(source: Source, { since, signal }: HeadOptions = {}): Promise<string> {
    const commit = await askOnce({
      key: cacheNameOf(source),
      branch: source.branch,
      // Where deliveries have another clock, only an answer from now on is certain to be newer.
      since: options.clock && since,
      signal,
      // After a push there is something to fetch.
      ask: (branches, stopped) =>
        askHeads(workshop, source, branches, { isPush: since !== undefined, signal: stopped }),
    });
    if (commit === undefined) throw await noBranch(workshop, source, signal);
    return commit;
  }

  async function checkout(source: Source, commit: string, request: CheckoutOptions): Promise<Checkout> {
    return await holdCheckout(workshop, source, commit, request);
  }
  return { head: explaining(head), checkout: explaining(checkout) };
}
