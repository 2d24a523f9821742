import * as z from 'zod/mini';
import { isGoogleToken } from './google-token.ts';
import type { Guide } from './guide.ts';
import { deliveryIdIn, singleValue } from './headers.ts';
import { imageChanges, splitReference } from './image-changes.ts';
import { parseJson } from './json.ts';
import type { Reading, Sender, Trust, WebhookRequest } from './sender.ts';

/**
 * Google Container Registry and Artifact Registry, through a push subscription of Pub/Sub (facts/webhooks.md §2.2), which repeats what is
 * answered with an error. Its token is by Google; only audience and account say that it is for us and by whom we expect.
 */
export const gcr: Sender = {
  proof: 'Authorization',
  verify,
  // Of a subscription without an envelope.
  deliveryId: (headers) => deliveryIdIn(headers, 'x-goog-pubsub-message-id'),
  event: () => read,
};

const googleKeys = 'https://www.googleapis.com/oauth2/v3/certs';

async function verify({ headers }: WebhookRequest, { webhook, now, findKey }: Trust): Promise<boolean> {
  const { audience, email, keys = googleKeys } = webhook;
  const [, token] = /^bearer +(\S+)$/i.exec(singleValue(headers, 'authorization') ?? '') ?? [];
  if (token === undefined || audience === undefined || email === undefined) return false;
  return isGoogleToken(token, { audience, email }, now, (kid) => findKey(keys, kid));
}

const Envelope = z.object({ message: z.object({ data: z.string(), messageId: z.nullish(z.string()) }) });

function read(body: unknown): Reading {
  if (typeof body !== 'object' || body === null || !('message' in body)) return { changes: readNews(body) };
  const { data, messageId } = Envelope.parse(body).message;
  return { changes: readNews(parseJson(Buffer.from(data, 'base64').toString())), id: messageId ?? undefined };
}

/** References: `tag` is `<image>:<tag>`, `digest` is `<image>@<digest>`. Either may be missing. */
const News = z.object({ action: z.string(), tag: z.nullish(z.string()), digest: z.nullish(z.string()) });

function readNews(news: unknown) {
  const { action, tag, digest } = News.parse(news);
  if (action !== 'INSERT' || !tag) return [];
  return imageChanges({ ...splitReference(tag), digest: splitReference(digest ?? '').digest });
}

export const gcrGuide: Guide = {
  product: 'Google Artifact Registry, Google Container Registry',
  brings: 'images',
  settings:
    '{ id: acme-gcr, sender: gcr, audience: "https://sluice.acme.io", email: pusher@acme.iam.gserviceaccount.com }',
  where: 'Google Cloud → Pub/Sub → topic `gcr` of the project, which has to have this name → Create subscription',
  fields: [
    ['Delivery type', 'Push'],
    ['Endpoint URL', '$URL'],
    ['Enable authentication', 'on, with the service account that `email` names'],
    ['Audience', 'what `audience` says'],
  ],
  events: ['whatever the registry publishes; only tags that were pushed count'],
  proof: '`Authorization`, a token that Google signed: for `audience`, about the account `email`, not past its end',
  notes: [
    "There is no secret. Google's public keys are asked for and kept; `keys` names another address of them, for networks without a way to Google.",
    'The account needs no permission; Pub/Sub has to be allowed to make tokens for it (roles/iam.serviceAccountTokenCreator).',
    'To try it: gcloud pubsub topics publish gcr --message \'{"action":"INSERT","tag":"europe-docker.pkg.dev/acme/shop/web:1.2.3"}\'.',
  ],
};
