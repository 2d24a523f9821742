import { digestOf } from '../../domain/digest.ts';
import type { Target } from '../../domain/settings/settings.ts';

/** Another one whenever the settings of the target or the version of Sluice differ: what was applied before counts no more (DESIGN §3). */
export function targetDigest(target: Target, version: string): string {
  return digestOf({ target, version });
}
