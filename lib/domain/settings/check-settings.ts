import * as z from 'zod/mini';
import { checkAutomation } from './check-automation.ts';
import { checkForAws } from './check-for-aws.ts';
import { checkWebhook } from './check-webhook.ts';
import { refusePlainHttp } from './plain-http.ts';
import { at, listAt } from './raw-document.ts';
import { Settings } from './settings.ts';
import { formatPath, problemsOf, type SettingsProblem, wordIssue } from './settings-problem.ts';

export interface CheckOptions {
  /** A run on this machine: file repositories, and http ones on loopback, are allowed (DESIGN §5.1). */
  readonly local: boolean;
  /** The functions in AWS will read them: only secrets that their roles reach, those of `stage` if it is known. */
  readonly aws?: { readonly stage?: string | undefined };
}

export type CheckedSettings =
  | { readonly settings: Settings; readonly problems?: undefined }
  | { readonly settings?: undefined; readonly problems: readonly SettingsProblem[] };

/** The settings that a parsed `sluice.yaml` holds, or everything that is wrong with it at once (DESIGN §5.1). */
export function checkSettings(document: unknown, options: CheckOptions): CheckedSettings {
  try {
    return check(document, options);
  } catch (error) {
    // zod hands problems on as arguments of a call, and so many are more than the stack takes.
    if (error instanceof RangeError) return { problems: [{ path: '', message: 'Too many problems to list' }] };
    throw error;
  }
}

function check(document: unknown, options: CheckOptions): CheckedSettings {
  const result = z.safeParse(Settings, document, { error: wordIssue });
  // The rules over several fields read the raw document, so that a slip in one field does not hide the others.
  const problems = [
    ...(result.error?.issues ?? []).flatMap((issue) => problemsOf(issue)),
    ...across(document, options),
  ];
  return result.success && problems.length === 0 ? { settings: result.data } : { problems };
}

function across(document: unknown, options: CheckOptions): SettingsProblem[] {
  return [
    ...repeated(listAt(document, 'webhooks'), 'webhooks', 'id'),
    ...listAt(document, 'webhooks').flatMap((webhook, index) => checkWebhook(webhook, index, options)),
    ...repeated(listAt(at(document, 'api'), 'tokens'), 'api.tokens', 'name'),
    ...repeated(listAt(document, 'registries'), 'registries', 'host'),
    ...repeated(listAt(document, 'targets'), 'targets', 'name'),
    ...adoptions(listAt(document, 'targets')),
    ...listAt(document, 'targets').flatMap((target, index) => inTarget(target, ['targets', index], options)),
    ...(options.aws === undefined ? [] : checkForAws(document, options.aws.stage)),
  ];
}

function repeated(entries: readonly unknown[], list: string, key: string): SettingsProblem[] {
  const seen = new Map<unknown, number>();
  const problems: SettingsProblem[] = [];
  for (const [index, entry] of entries.entries()) {
    const value = at(entry, key);
    if (value === undefined) continue;
    const first = seen.get(value);
    if (first === undefined) seen.set(value, index);
    else {
      problems.push({
        path: `${list}[${index}].${key}`,
        message: `Expected ${key === 'id' ? 'an' : 'a'} ${key} of its own: ${list}[${first}] has the same`,
      });
    }
  }
  return problems;
}

function adoptions(targets: readonly unknown[]): SettingsProblem[] {
  const adopters = new Map<unknown, number>();
  const problems: SettingsProblem[] = [];
  for (const [index, target] of targets.entries()) {
    for (const [position, adopted] of listAt(target, 'adopts').entries()) {
      const path = formatPath(['targets', index, 'adopts', position]);
      const first = adopters.get(adopted);
      if (adopted === at(target, 'name')) problems.push({ path, message: 'Expected the name of another target' });
      else if (first !== undefined) {
        problems.push({ path, message: `Expected one target to adopt it: targets[${first}] does already` });
      } else adopters.set(adopted, index);
    }
  }
  return problems;
}

function inTarget(target: unknown, path: readonly PropertyKey[], options: CheckOptions): SettingsProblem[] {
  const problems: SettingsProblem[] = [];
  function report(keys: readonly PropertyKey[], message: string): void {
    problems.push({ path: formatPath([...path, ...keys]), message });
  }
  const source = at(target, 'source');
  const url = at(source, 'url');
  if (typeof url === 'string') {
    const refusal = refuseUrl(url, options);
    if (refusal !== undefined) report(['source', 'url'], refusal);
    const overSsh = url.startsWith('ssh://') || !url.includes('://');
    const auth = at(source, 'auth');
    if (at(auth, 'sshKey') !== undefined && !overSsh) {
      report(['source', 'auth', 'sshKey'], 'Expected a token: the url is not an ssh address');
    }
    for (const kind of ['token', 'githubApp']) {
      if (at(auth, kind) !== undefined && overSsh) {
        report(['source', 'auth', kind], 'Expected an sshKey: the url is an ssh address');
      }
    }
    checkAutomation(target, overSsh, report);
  }
  const mode = at(at(source, 'verify'), 'mode');
  if (mode !== undefined && mode !== 'none' && listAt(at(source, 'verify'), 'keys').length === 0) {
    report(['source', 'verify', 'keys'], 'Expected the keys that commits may be signed with');
  }
  const cluster = at(target, 'cluster');
  if (cluster !== undefined && (at(cluster, 'kubeconfig') === undefined) === (at(cluster, 'eks') === undefined)) {
    report(['cluster'], 'Expected either kubeconfig or eks');
  }
  const renderer = at(target, 'renderer') ?? 'auto';
  for (const key of ['values', 'valuesFiles']) {
    if (at(target, key) !== undefined && ['plain', 'kustomize', 'flux'].includes(String(renderer))) {
      report([key], `Expected renderer helm or auto: ${renderer} takes no values`);
    }
  }
  return problems;
}

function refuseUrl(url: string, options: CheckOptions): string | undefined {
  if (url.startsWith('file:') && !options.local) return 'Expected https or ssh: file repositories are for local runs';
  const refusal = refusePlainHttp(url, options);
  return refusal && `Expected https or ssh: ${refusal}`;
}
