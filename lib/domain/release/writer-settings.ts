import { digestOf } from '../digest.ts';
import { Failure } from '../failure.ts';
import type { SecretRef } from '../settings/secret-ref.ts';
import type { Source, Target } from '../settings/settings.ts';

/** How some targets of one branch are written to: what they say alike. */
export interface Writer {
  readonly targets: readonly [Target, ...Target[]];
  /** Everything that they read, with the credential that may write. */
  readonly source: Source;
  readonly files: readonly string[];
  readonly submodules: boolean;
  readonly author: { readonly name: string; readonly email: string };
  readonly sign?: SecretRef;
  /** Of the commit's text. */
  readonly template: string;
  /** The branch of the pull request, where one is to be opened. */
  readonly branch?: string;
}

const defaultAuthor = { name: 'Sluice', email: 'sluice@localhost' };

/** The targets in groups that are written with one commit: those whose settings of how to write are the same. */
export function writersOf(targets: readonly Target[]): readonly Writer[] {
  const groups = Map.groupBy(targets, ({ source, automation, submodules }) =>
    digestOf([
      source.url,
      source.branch,
      source.verify,
      authOf({ source, automation }),
      submodules,
      waysOf(automation),
    ]),
  );
  return [...groups.values()].flatMap((group) => group.slice(0, 1).map((first) => writerOf(first, group.slice(1))));
}

function waysOf(automation: Target['automation']) {
  return [automation?.push, automation?.author, automation?.sign, automation?.message];
}

function authOf({ source, automation }: Pick<Target, 'source' | 'automation'>) {
  return automation?.auth ?? source.auth;
}

function writerOf(first: Target, others: readonly Target[]): Writer {
  const targets = [first, ...others] as const;
  const { automation, submodules } = first;
  const { auth: _, ...source } = first.source;
  const auth = authOf(first);
  return {
    targets,
    source: {
      ...source,
      paths: [...new Set(targets.flatMap((target) => target.source.paths))],
      ...(auth !== undefined && { auth }),
    },
    files: [...new Set(targets.flatMap(({ valuesFiles }) => valuesFiles))],
    submodules,
    author: automation?.author ?? defaultAuthor,
    ...(automation?.sign !== undefined && { sign: automation.sign }),
    template: automation?.message ?? '{message}',
    ...(automation?.push === 'pullRequest' && { branch: `sluice/${source.branch}` }),
  };
}

/** Why nothing may be written for a target; undefined if it may. */
export function refuseToWrite({ name, source, automation }: Target): Failure | undefined {
  if (automation === undefined) {
    return new Failure('user', `Cannot write to the repository of "${name}": the target is read-only`, {
      help: 'Set automation for it in sluice.yaml, with an auth that may push',
    });
  }
  const needsAuth = !/^(?:file|http):\/\//.test(source.url);
  if (!needsAuth || authOf({ source, automation }) !== undefined) return undefined;
  return new Failure('user', `Cannot write to the repository of "${name}": there is no credential for it`, {
    help: 'Set automation.auth of the target to a credential that may push',
  });
}
