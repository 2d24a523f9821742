import { isDraft } from '../objects/draft.ts';
import type { Settings } from './settings.ts';
import { formatPath, type SettingsProblem } from './settings-problem.ts';

/**
 * What the settings may say already although nothing of this version heeds it, on this machine or `inAws`; each is said at the start, and none
 * is refused.
 */
export function idleSettings(settings: Settings, inAws: boolean): readonly SettingsProblem[] {
  const idle: SettingsProblem[] = [];
  function say(path: readonly PropertyKey[], message: string): void {
    idle.push({ path: formatPath(path), message });
  }
  for (const [index, { cluster }] of settings.targets.entries()) {
    const path = ['targets', index];
    if (cluster.eks !== undefined && !inAws)
      say([...path, 'cluster', 'eks'], 'Only the functions in AWS log in to EKS: the target fails here');
  }
  const asks = settings.targets.some(({ automation }) => automation !== undefined);
  if (settings.registries.length > 0 && !asks) say(['registries'], 'No target has automation: no registry is asked');
  if (Object.keys(settings.helmRepositories).length > 0) say(['helmRepositories'], 'No chart is fetched yet');
  for (const path of inAws ? [] : secretsInAws(settings))
    say(path, 'Read only by the functions in AWS: whatever needs it fails here');
  return idle;
}

/** Paths of `{ aws }` and `{ ssm }` anywhere but in a chart's values, which are not ours to read. */
function secretsInAws(value: unknown, path: readonly PropertyKey[] = []): readonly (readonly PropertyKey[])[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => secretsInAws(item, [...path, index]));
  if (!isDraft(value)) return [];
  if (typeof value.aws === 'string' || typeof value.ssm === 'string') return [path];
  return Object.entries(value).flatMap(([key, inner]) => (key === 'values' ? [] : secretsInAws(inner, [...path, key])));
}
