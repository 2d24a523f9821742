import type { SenderName, WebhookSettings } from './webhook-settings.ts';

/** Keys of an entry that only some senders have a use for. */
export const ownKeys = ['header', 'payloadSigning', 'registry', 'server', 'audience', 'email', 'keys'] as const;

interface Rule {
  /** What tells a delivery of this sender from anybody's: a secret, nothing but the id of its webhook, either, or a token of its makers. */
  readonly proof: 'secret' | 'id' | 'secret or id' | 'token';
  readonly needs?: readonly ('audience' | 'email')[];
  readonly takes?: readonly (typeof ownKeys)[number][];
}

/** What an entry of `webhooks` has beside its id and sender (facts/webhooks.md §0). */
export const webhookRules: Readonly<Record<SenderName, Rule>> = {
  github: { proof: 'secret' },
  gitlab: { proof: 'secret' },
  generic: { proof: 'secret' },
  bitbucket: { proof: 'secret or id' },
  'bitbucket-server': { proof: 'secret', takes: ['server'] },
  gitea: { proof: 'secret' },
  gogs: { proof: 'secret' },
  'azure-devops': { proof: 'secret', takes: ['header'] },
  dockerhub: { proof: 'id' },
  quay: { proof: 'id' },
  harbor: { proof: 'secret', takes: ['registry'] },
  distribution: { proof: 'secret', takes: ['registry'] },
  gcr: { proof: 'token', needs: ['audience', 'email'], takes: ['keys'] },
  acr: { proof: 'id' },
  jfrog: { proof: 'secret', takes: ['registry', 'payloadSigning'] },
  nexus: { proof: 'secret', takes: ['registry'] },
  aliyun: { proof: 'id', takes: ['registry'] },
  cdevents: { proof: 'secret' },
};

/** Characters of an id that nobody guesses (DESIGN §5.1). */
export const leastUnguessable = 24;

/** Whether the id of a webhook is all that keeps others from using it: it must appear in no log, metric, error or run. */
export function isIdSecret({ sender, secret }: Pick<WebhookSettings, 'sender' | 'secret'>): boolean {
  const { proof } = webhookRules[sender];
  return proof === 'id' || (proof === 'secret or id' && secret.length === 0);
}

/** What a webhook is called where people and logs read it: its id, or its sender where the id is its secret. */
export function webhookName(webhook: Pick<WebhookSettings, 'id' | 'sender' | 'secret'>): string {
  return isIdSecret(webhook) ? webhook.sender : webhook.id;
}
