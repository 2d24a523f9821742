import { openDeliveries } from './deliveries.ts';
import { openKubeconfigs } from './kubeconfigs.ts';
import { openManifests } from './manifests.ts';
import { openSettings } from './settings.ts';
import type { Subject } from './subject.ts';

/** Everything that others write and we read. */
export const subjects = {
  webhooks: openDeliveries,
  manifests: openManifests,
  settings: openSettings,
  kubeconfig: openKubeconfigs,
} as const;

export type SubjectName = keyof typeof subjects;

/** Each makes its own inputs and takes them: nobody else needs to know what they are. */
// biome-ignore lint/suspicious/noExplicitAny: an input goes from the subject to the subject.
export function openSubject(name: SubjectName): Promise<Subject<any>> {
  return subjects[name]();
}
