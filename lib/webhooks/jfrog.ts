import * as z from 'zod/mini';
import { Failure } from '../domain/failure.ts';
import type { WebhookSettings } from '../domain/settings/webhook-settings.ts';
import type { Guide } from './guide.ts';
import { singleValue } from './headers.ts';
import { imageChanges } from './image-changes.ts';
import type { Reading, Sender, Trust, WebhookRequest } from './sender.ts';
import { hmacHex, isSecretHeader, isSignedBare } from './signature.ts';

/** JFrog Artifactory (facts/webhooks.md §2.7). One header is either the secret or a signature with it; which of the two counts is configured, never both. */
export const jfrog: Sender = { proof: 'X-JFrog-Event-Auth', verify, event: () => read };

const proofHeader = 'x-jfrog-event-auth';

function verify({ headers, body }: WebhookRequest, { secrets, webhook }: Trust): boolean {
  if (webhook.payloadSigning === false) return isSecretHeader(headers, proofHeader, secrets);
  return isSignedBare(body, singleValue(headers, proofHeader), secrets, 'sha256');
}

const Named = z.object({ domain: z.string(), event_type: z.string() });
const Push = z.object({
  data: z.object({ repo_key: z.string(), image_name: z.string(), tag: z.string(), sha256: z.nullish(z.string()) }),
  jpd_origin: z.nullish(z.string()),
});

function read(body: unknown, { registry }: WebhookSettings): Reading {
  const { domain, event_type } = Named.parse(body);
  if (domain !== 'docker' || event_type !== 'pushed') return { changes: [] };
  const { data, jpd_origin } = Push.parse(body);
  const prefix = registry ?? `${hostOf(jpd_origin)}/${data.repo_key}`;
  const digest = data.sha256 ? `sha256:${data.sha256}` : undefined;
  return { changes: imageChanges({ image: `${prefix}/${data.image_name}`, tag: data.tag, digest }) };
}

/** Only an Artifactory that was told its own address says it; and an image of a virtual repository has another name than the event says. */
function hostOf(origin: string | null | undefined): string {
  const host = URL.parse(origin ?? '')?.host;
  if (host) return host;
  throw new Failure('user', 'Cannot read the delivery: its jpd_origin is empty', {
    help: 'Set registry of this webhook in sluice.yaml to what the names of its images begin with, such as acme.jfrog.io/docker',
  });
}

export const jfrogGuide: Guide = {
  product: 'JFrog Artifactory',
  brings: 'images',
  settings: '{ id: acme-jfrog, sender: jfrog, secret: { env: JFROG_WEBHOOK_SECRET }, registry: acme.jfrog.io/docker }',
  where: 'Administration → General Management → Webhooks → Create a WebHook',
  fields: [
    ['URL', '$URL'],
    ['Secret token', '$SECRET'],
    ['Use secret for payload signing', 'on; if it has to be off, `payloadSigning: false` in sluice.yaml'],
  ],
  events: ['Docker: Tag was pushed'],
  proof: '`X-JFrog-Event-Auth`, HMAC-SHA256 over the raw body; with `payloadSigning: false` the secret itself',
  notes: [
    '`registry` is what the names of images begin with where they are pulled: an event names the local repository, not the virtual one. Without it the name is the custom base URL of Artifactory and the local repository.',
    'One webhook for each such beginning: "Select repositories" limits it.',
  ],
  sample({ webhook, secret, image, tag }) {
    const [host = '', ...path] = image.split('/');
    const prefix = `${webhook.registry}/`;
    const name = webhook.registry && image.startsWith(prefix) ? image.slice(prefix.length) : path.slice(1).join('/');
    const body = JSON.stringify({
      domain: 'docker',
      event_type: 'pushed',
      data: { repo_key: path[0], image_name: name, tag },
      jpd_origin: `https://${host}`,
    });
    const proof = webhook.payloadSigning === false ? secret : hmacHex('sha256', secret, body);
    return { headers: { 'content-type': 'application/json', [proofHeader]: proof }, body };
  },
};
