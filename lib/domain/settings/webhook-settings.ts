import * as z from 'zod/mini';
import { SecretRef } from './secret-ref.ts';

const senderName = z.enum(['github', 'gitlab', 'generic']);
export type SenderName = z.infer<typeof senderName>;

const secretList = z.pipe(
  z.union([SecretRef, z.array(SecretRef).check(z.minLength(1))], {
    error: 'Expected a secret such as { env: NAME } or { file: path }, or a list of them',
  }),
  z.transform((secrets) => (Array.isArray(secrets) ? secrets : [secrets])),
);

/** One entry of `webhooks`: `POST /webhooks/{id}` */
export type WebhookSettings = z.infer<typeof WebhookSettings>;
export const WebhookSettings = z.strictObject({
  id: z
    .string()
    .check(
      z.regex(/^[A-Za-z0-9][A-Za-z0-9._~-]*$/, { error: 'Expected letters, digits and . _ ~ -' }),
      z.maxLength(128),
    ),
  sender: senderName,
  /** Several while one is rotated. */
  secret: secretList,
});
