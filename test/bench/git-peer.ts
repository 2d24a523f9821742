import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { forEachInFlight } from '../../lib/app/in-flight.ts';
import { run } from '../parts/run.ts';

/** As many as Sluice has workers. */
const atOnce = 8;

/** What the git binary alone takes to fetch all of these and write their files: milliseconds together. */
export async function gitPeer(urls: readonly string[], directory: string): Promise<number> {
  const begin = performance.now();
  await forEachInFlight([...urls.entries()], atOnce, async ([index, url]) => {
    await run('git', ['clone', '--quiet', '--depth', '1', url, join(directory, String(index))]);
  });
  const took = performance.now() - begin;
  await rm(directory, { recursive: true });
  return took;
}
