import type { SenderName, Settings, WebhookSettings } from '../lib/domain/settings/settings.ts';

/** What to tell a sender that is not told here: README.md has a table. */
const steps: Readonly<Record<SenderName, readonly string[]>> = {
  github: [
    'GitHub: Settings, Webhooks, Add webhook',
    'Content type: application/json',
    'Which events: Just the push event',
  ],
  gitlab: ['GitLab: Settings, Webhooks, Add new webhook', 'Trigger: Push events, Tag push events'],
  generic: ['Any job: POST {"url": …, "ref": …} with X-Signature: sha256=<HMAC-SHA256 of the body>'],
};

/** What is to be done once a stage is deployed at `url`: a few lines for people. */
export function nextSteps(url: string, { webhooks, api }: Settings): readonly string[] {
  const lines = webhooks.flatMap((webhook) => [
    '',
    `Webhook "${webhook.id}" (${webhook.sender})`,
    `  URL:    ${url}/webhooks/${webhook.id}`,
    `  Secret: the value of ${secretOf(webhook)}`,
    ...steps[webhook.sender].map((step) => `  ${step}`),
  ]);
  if (api === undefined) return [...lines, '', 'There is no API: add api.tokens to sluice.yaml for the command line'];
  return [...lines, '', 'Command line', `  SLUICE_URL=${url} SLUICE_TOKEN=… npx --no sluice status`];
}

function secretOf({ secret: [first] }: WebhookSettings): string {
  const fields = Object.entries(first ?? {}).map(([name, value]) => `${name}: ${value}`);
  return `{ ${fields.join(', ')} }`;
}
