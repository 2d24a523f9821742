import { describeNames, unknownName } from '../release/message-names.ts';
import { at } from './raw-document.ts';

/** Says that something is wrong at these keys of a target. */
export type Report = (keys: readonly PropertyKey[], message: string) => void;

/** What is wrong with a raw target's `automation` beyond each key by itself. `overSsh`: of its source's url. */
export function checkAutomation(target: unknown, overSsh: boolean, report: Report): void {
  const [source, automation] = [at(target, 'source'), at(target, 'automation')];
  if (automation === undefined) return;
  const isPullRequest = at(automation, 'push') === 'pullRequest';
  // A token writes over https where the source is read over SSH.
  if (at(at(automation, 'auth'), 'sshKey') !== undefined && !overSsh)
    report(['automation', 'auth', 'sshKey'], 'Expected a token: the url is not an ssh address');
  const auth = at(automation, 'auth') ?? at(source, 'auth');
  if (isPullRequest && at(auth, 'token') === undefined && at(auth, 'githubApp') === undefined)
    report(['automation', 'push'], 'Expected branch, or an auth with a token: the APIs of forges take no other');
  const message = at(automation, 'message');
  const unknown = typeof message === 'string' ? unknownName(message) : undefined;
  if (unknown !== undefined)
    report(['automation', 'message'], `Expected of names in braces only ${describeNames()}, found ${unknown}`);
  const mode = at(at(source, 'verify'), 'mode') ?? 'none';
  if (mode !== 'none' && !isPullRequest && at(automation, 'sign') === undefined)
    report(['automation', 'sign'], 'Expected a key to sign with: source.verify takes no other commits');
}
