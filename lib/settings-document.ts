import { Failure } from './domain/failure.ts';
import { type CheckOptions, checkSettings } from './domain/settings/check-settings.ts';
import type { Settings } from './domain/settings/settings.ts';
import { formatProblem } from './domain/settings/settings-problem.ts';

// A broken bracket makes yaml report every one that is open.
const maxProblems = 50;

/** The settings that a parsed document called `name` holds. Throws a `user` Failure that lists every problem on a line of its own. */
export function settingsOf(document: unknown, name: string, options: CheckOptions): Settings {
  const { settings, problems } = checkSettings(document, options);
  if (problems !== undefined) throw refuseSettings(name, problems.map(formatProblem));
  return settings;
}

export function refuseSettings(name: string, problems: readonly string[], cause?: unknown): Failure {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const more = problems.length > maxProblems ? [`and ${problems.length - maxProblems} more`] : [];
  const lines = [`Cannot use "${name}": ${count}`, ...problems.slice(0, maxProblems), ...more];
  return new Failure('user', lines.join('\n  '), {
    code: 'InvalidSettings',
    help: 'Correct the file and try "sluice validate"',
    ...(cause === undefined ? {} : { cause }),
  });
}
