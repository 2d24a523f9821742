import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findApiServerBinaries } from '../../lib/local/apiserver/binaries.ts';
import { startApiServer } from '../../lib/local/apiserver/start.ts';
import { openAnyState } from './any-state.ts';
import { openDeliveries } from './deliveries.ts';
import { openKubeconfigs } from './kubeconfigs.ts';
import { openManifests } from './manifests.ts';
import { openSettings } from './settings.ts';
import type { Subject } from './subject.ts';

/** Everything that others write and we read. */
export const readers = {
  webhooks: openDeliveries,
  manifests: openManifests,
  settings: openSettings,
  kubeconfig: openKubeconfigs,
} as const;

const subjects = { ...readers, sync: openAnyStateOfOwn } as const;

export type ReaderName = keyof typeof readers;
export type SubjectName = keyof typeof subjects;
export const subjectNames = Object.keys(subjects) as readonly SubjectName[];

/** Each makes its own inputs and takes them: nobody else needs to know what they are. */
// biome-ignore lint/suspicious/noExplicitAny: an input goes from the subject to the subject.
export function openSubject(name: SubjectName): Promise<Subject<any>> {
  return subjects[name]();
}

const cache = join(import.meta.dirname, '../../node_modules/.cache/sluice/kube');

/** With an API server of its own. */
async function openAnyStateOfOwn() {
  const binaries = await findApiServerBinaries({ assets: process.env.KUBEBUILDER_ASSETS, cache });
  if (binaries === undefined) throw new Error('There is no kube-apiserver: set KUBEBUILDER_ASSETS');
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'sluice-fuzz-kube-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const server = await startApiServer(binaries, { directory });
  stack.defer(() => server.stop());
  const subject = stack.use(await openAnyState(server.kubeconfig));
  const kept = stack.move();
  return { ...subject, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
