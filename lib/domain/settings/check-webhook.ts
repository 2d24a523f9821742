import { refusePlainHttp } from './plain-http.ts';
import { at } from './raw-document.ts';
import { formatPath, type SettingsProblem } from './settings-problem.ts';
import { leastUnguessable, ownKeys, webhookRules } from './webhook-rules.ts';
import type { SenderName } from './webhook-settings.ts';

/** What is wrong with a raw entry of `webhooks` beyond each key by itself. Never repeats an id: it may be a secret. */
export function checkWebhook(webhook: unknown, index: number, options: { readonly local: boolean }): SettingsProblem[] {
  const sender = at(webhook, 'sender');
  if (typeof sender !== 'string' || !Object.hasOwn(webhookRules, sender)) return [];
  const { proof, needs = [], takes = [] } = webhookRules[sender as SenderName];
  const problems: SettingsProblem[] = [];
  function report(key: string, message: string): void {
    problems.push({ path: formatPath(['webhooks', index, key]), message });
  }

  const id = at(webhook, 'id');
  const hasSecret = at(webhook, 'secret') !== undefined;
  const isIdSecret = proof === 'id' || (proof === 'secret or id' && !hasSecret);
  if (isIdSecret && typeof id === 'string' && id.length < leastUnguessable) {
    const rule = `at least ${leastUnguessable} random characters${proof === 'id' ? '' : ', or a secret'}`;
    report(
      'id',
      `Expected ${rule}, found ${id.length}: its deliveries are unsigned, and the id alone keeps others out`,
    );
  }
  if (!hasSecret && proof === 'secret') report('secret', needed.secret);
  if (hasSecret && proof === 'id') report('secret', `Expected none: ${sender} signs nothing, the id is the secret`);
  if (hasSecret && proof === 'token') report('secret', `Expected none: ${sender} sends tokens of its makers`);
  for (const key of needs) if (at(webhook, key) === undefined) report(key, needed[key]);
  const known: readonly string[] = [...needs, ...takes];
  for (const key of ownKeys) {
    if (at(webhook, key) !== undefined && !known.includes(key))
      report(key, `Expected none: ${sender} has no use for it`);
  }
  const keySet = at(webhook, 'keys');
  const refusal = typeof keySet === 'string' ? refusePlainHttp(keySet, options) : undefined;
  if (refusal !== undefined) report('keys', `Expected https: ${refusal}`);
  return problems;
}

const needed = {
  secret: 'Expected a secret such as { env: NAME } or { file: path }, or a list of them',
  audience: 'Expected the audience of the push subscription',
  email: 'Expected the service account of the push subscription',
};
