import * as z from 'zod/mini';

export const text = z.string().check(z.minLength(1));

/** Where a secret's value is kept; the value itself is never part of the settings. */
export type SecretRef = z.infer<typeof SecretRef>;
export const SecretRef = z.union(
  [
    z.strictObject({ file: text }),
    z.strictObject({ env: text.check(z.regex(/^[A-Za-z_]\w*$/, { error: 'Expected the name of a variable' })) }),
    z.strictObject({ aws: text, key: z.optional(text) }),
    z.strictObject({ ssm: text }),
  ],
  { error: 'Expected a secret: { file: path }, { env: NAME }, { aws: id, key?: field } or { ssm: name }' },
);
