import { describeSecret } from '../lib/domain/settings/describe-secret.ts';
import type { Settings } from '../lib/domain/settings/settings.ts';
import { isIdSecret } from '../lib/domain/settings/webhook-rules.ts';
import type { WebhookSettings } from '../lib/domain/settings/webhook-settings.ts';
import { guides } from '../lib/webhooks/guides.ts';

/** What is to be done once a stage is deployed at `url`: a few lines for people. */
export function nextSteps(url: string, { webhooks, api }: Settings): readonly string[] {
  const signed = webhooks.filter((webhook) => !isIdSecret(webhook));
  const lines = signed.flatMap((webhook) => stepsOf(url, webhook));
  if (signed.length < webhooks.length) {
    // This may end in the log of a pipeline, and their addresses are their secrets.
    lines.push('', 'Webhooks without a signature are shown by', `  npx --no sluice webhooks --url ${url}`);
  }
  if (api === undefined) return [...lines, '', 'There is no API: add api.tokens to sluice.yaml for the command line'];
  return [...lines, '', 'Command line', `  SLUICE_URL=${url} SLUICE_TOKEN=… npx --no sluice status`];
}

function stepsOf(url: string, webhook: WebhookSettings): readonly string[] {
  const { product, where, fields, events } = guides[webhook.sender];
  const [secret] = webhook.secret;
  const value = secret === undefined ? '' : `the value of ${describeSecret(secret)}`;
  const address = `${url}/webhooks/${webhook.id}`;
  return [
    '',
    `Webhook "${webhook.id}" (${product}): ${where}`,
    ...fields.map(([field, text]) => `  ${field}: ${text.replaceAll('$URL', address).replaceAll('$SECRET', value)}`),
    `  Events: ${events.join('; ')}`,
  ];
}
