import * as z from 'zod/mini';
import { SecretRef, text } from './secret-ref.ts';

const senderName = z.enum([
  'github',
  'gitlab',
  'generic',
  'bitbucket',
  'bitbucket-server',
  'gitea',
  'gogs',
  'azure-devops',
  'dockerhub',
  'quay',
  'harbor',
  'distribution',
  'gcr',
  'acr',
  'jfrog',
  'nexus',
  'aliyun',
  'cdevents',
]);
export type SenderName = z.infer<typeof senderName>;

const secretList = z.pipe(
  z.union([SecretRef, z.array(SecretRef).check(z.minLength(1))], {
    error: 'Expected a secret such as { env: NAME } or { file: path }, or a list of them',
  }),
  z.transform((secrets) => (Array.isArray(secrets) ? secrets : [secrets])),
);

const registryPrefix = text.check(
  z.regex(/^[A-Za-z0-9[][\w.:[\]-]*(\/[\w.-]+)*$/, {
    error: 'Expected what the names of its images begin with, such as registry.acme.io:5000 or acme.jfrog.io/docker',
  }),
);

const address = text.check(
  z.regex(/^https?:\/\/[^/@\s]+(\/\S*)?$/, { error: 'Expected an https:// address without credentials' }),
);

/** One entry of `webhooks`: `POST /webhooks/{id}`. Which sender takes which key is in webhook-rules.ts. */
export type WebhookSettings = z.infer<typeof WebhookSettings>;
export const WebhookSettings = z.strictObject({
  id: z
    .string()
    .check(
      z.regex(/^[A-Za-z0-9][A-Za-z0-9._~-]*$/, { error: 'Expected letters, digits and . _ ~ -' }),
      z.maxLength(128),
    ),
  sender: senderName,
  /** Several while one is rotated; none where the sender has none to prove itself with. */
  secret: z._default(secretList, []),
  /** Of azure-devops: the header that holds the secret; else the secret is `user:password`. */
  header: z.optional(text.check(z.regex(/^[A-Za-z0-9-]+$/, { error: 'Expected the name of a header' }))),
  /** Of jfrog: whether it signs the body with the secret (so unless it says otherwise), or sends the secret itself. */
  payloadSigning: z.optional(z.boolean()),
  /** Of registries whose events do not say, or say wrongly, what the names of their images begin with: `host[:port][/path]`. */
  registry: z.optional(registryPrefix),
  /** Of a bitbucket-server whose events have no clone addresses: where it is. */
  server: z.optional(address),
  /** Of gcr: for whom and by whom the tokens of the push subscription are made, and where else Google's keys are. */
  audience: z.optional(text),
  email: z.optional(text.check(z.regex(/^[^@\s]+@[^@\s]+$/, { error: 'Expected the address of a service account' }))),
  keys: z.optional(address),
});
