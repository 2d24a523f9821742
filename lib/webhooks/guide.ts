import type { WebhookSettings } from '../domain/settings/webhook-settings.ts';

/** How a sender is set up by people, and what it sends to show that it was: beside its `Sender`, and not part of what verifies deliveries. */
export interface Guide {
  /** What its makers call it. */
  readonly product: string;
  readonly brings: 'pushes' | 'images' | 'pushes and images';
  /** Its entry of `webhooks` in sluice.yaml, in YAML. */
  readonly settings: string;
  /** Where to click there, parts by arrows. */
  readonly where: string;
  /** What to fill in there; `$URL` and `$SECRET` stand for those of the webhook. */
  readonly fields: readonly (readonly [field: string, value: string])[];
  /** What to tick there. */
  readonly events: readonly string[];
  /** How a delivery is told from anybody's, in a sentence. */
  readonly proof: string;
  /** What else is worth to know, a sentence or two each. */
  readonly notes: readonly string[];
  /** A delivery as it sends it; absent where only its makers can sign one. */
  sample?(facts: SampleFacts): Sample;
}

/** What a sample is to say. */
export interface SampleFacts {
  readonly webhook: WebhookSettings;
  /** One of the values of its secret; empty where it has none. */
  readonly secret: string;
  /** Clone address of a repository, and a branch of it that was pushed to. */
  readonly repository: string;
  readonly branch: string;
  /** `host/path` of an image, and a tag of it that was pushed. */
  readonly image: string;
  readonly tag: string;
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface Sample {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
