import { dirname, resolve } from 'node:path';
import { createReadSecret } from '../adapters/secrets.ts';
import type { WebhookSample, WebhookSetup, WebhookTestOptions } from '../cli/seams.ts';
import { readSettings } from '../config.ts';
import { Failure } from '../domain/failure.ts';
import type { SecretRef } from '../domain/settings/secret-ref.ts';
import type { Target } from '../domain/settings/settings.ts';
import { isIdSecret } from '../domain/settings/webhook-rules.ts';
import type { WebhookSettings } from '../domain/settings/webhook-settings.ts';
import { guides } from '../webhooks/guides.ts';

/** The webhooks of the settings, and how their senders are set up. */
export function listWebhooks(config: string): readonly WebhookSetup[] {
  return readSettings(config, { local: true }).webhooks.map((webhook) => {
    const { product, where, fields, events } = guides[webhook.sender];
    const [secret] = webhook.secret;
    return {
      id: webhook.id,
      sender: webhook.sender,
      product,
      path: pathOf(webhook),
      isPathSecret: isIdSecret(webhook),
      where,
      fields,
      events,
      ...(secret && { secret: formatRef(secret) }),
    };
  });
}

/** A delivery that is signed as its sender signs. Throws a Failure that names no id: it may be a secret. */
export async function sampleDelivery(options: WebhookTestOptions): Promise<WebhookSample> {
  const { webhooks, targets } = readSettings(options.config, { local: true });
  const webhook = findWebhook(webhooks, options.webhook);
  const { sample, brings, notes } = guides[webhook.sender];
  if (sample === undefined) {
    throw new Failure('user', `Cannot make a delivery of ${webhook.sender}: only its makers can sign one`, {
      help: notes.at(-1) ?? '',
    });
  }
  if (options.target !== undefined && brings === 'images') {
    throw new Failure('user', `Cannot make a push to "${options.target}": ${webhook.sender} brings images`);
  }
  const source = options.target === undefined ? undefined : findTarget(targets, options.target).source;
  const readSecret = createReadSecret({
    environment: options.environment.variables,
    directory: dirname(resolve(options.config)),
  });
  const [secret] = webhook.secret;
  const { headers, body } = sample({
    webhook,
    secret: secret === undefined ? '' : await readSecret(secret),
    repository: source?.url ?? 'https://git.example/sluice/example.git',
    branch: source?.branch ?? 'example',
    image: `${webhook.registry ?? 'registry.example'}/sluice/example`,
    tag: 'example',
    now: options.now,
  });
  return { sender: webhook.sender, path: pathOf(webhook), headers, body };
}

function findWebhook(webhooks: readonly WebhookSettings[], name: string): WebhookSettings {
  const [byId] = webhooks.filter(({ id }) => id === name);
  const [only, ...others] = byId === undefined ? webhooks.filter(({ sender }) => sender === name) : [byId];
  if (only !== undefined && others.length === 0) return only;
  const found = only === undefined ? 'none has this id or sender' : `${others.length + 1} have the sender "${name}"`;
  throw new Failure('missing', `Cannot test a webhook of sluice.yaml: ${found}`, {
    help: 'Give the id that "sluice webhooks" shows',
  });
}

function findTarget(targets: readonly Target[], name: string): Target {
  const target = targets.find((candidate) => candidate.name === name);
  if (target !== undefined) return target;
  throw new Failure('missing', `Cannot make a push to "${name}": there is no such target`, {
    help: `Name one of ${targets.map((candidate) => `"${candidate.name}"`).join(', ')}`,
  });
}

function pathOf({ id }: WebhookSettings): string {
  return `/webhooks/${encodeURIComponent(id)}`;
}

function formatRef(ref: SecretRef): string {
  const entries = Object.entries(ref).map(([key, value]) => `${key}: ${value}`);
  return `{ ${entries.join(', ')} }`;
}
