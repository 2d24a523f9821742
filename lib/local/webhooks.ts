import { dirname, resolve } from 'node:path';
import { createReadSecret } from '../adapters/secrets.ts';
import type { Environment } from '../config.ts';
import { Failure } from '../domain/failure.ts';
import { describeSecret } from '../domain/settings/describe-secret.ts';
import type { Target } from '../domain/settings/settings.ts';
import { isIdSecret } from '../domain/settings/webhook-rules.ts';
import type { WebhookSettings } from '../domain/settings/webhook-settings.ts';
import { readSettings } from '../read-settings.ts';
import { guides } from '../webhooks/guides.ts';

/** A webhook of sluice.yaml and how its sender is set up. Its path may be a secret: it is for whoever reads sluice.yaml anyway. */
export interface WebhookSetup {
  readonly id: string;
  readonly sender: string;
  /** What the makers of the sender call it. */
  readonly product: string;
  /** `/webhooks/{id}`. */
  readonly path: string;
  /** The path is all that keeps others out. */
  readonly isPathSecret: boolean;
  readonly where: string;
  /** What to fill in there; `$URL` and `$SECRET` stand for those of the webhook. */
  readonly fields: readonly (readonly [field: string, value: string])[];
  readonly events: readonly string[];
  /** Where its secret is kept, such as `{ env: NAME }`; absent where it has none. */
  readonly secret?: string;
}

export interface WebhookTestOptions {
  readonly config: string;
  /** The id of a webhook, or its sender where no other has it. */
  readonly webhook: string;
  /** A target to whose branch the push is; absent: a repository and image that concern none. */
  readonly target?: string;
  readonly environment: Environment;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** A delivery as its sender sends it. */
export interface WebhookSample {
  readonly sender: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

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
      ...(secret && { secret: describeSecret(secret) }),
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
