import * as z from 'zod/mini';
import { gitChanges } from './git-changes.ts';
import { singleValue } from './headers.ts';
import type { Sender } from './sender.ts';
import { isSigned } from './signature.ts';

/**
 * Whatever can sign: a CI job, a git server's hook. `X-Signature: sha256=<hexadecimal HMAC-SHA256 of the body>`, body `{url, ref}`, where
 * `ref` is a full name (`refs/heads/main`) or that of a branch (`main`).
 */
export const generic: Sender = {
  proof: 'X-Signature',
  verify: ({ headers, body }, secrets) => isSigned(body, singleValue(headers, 'x-signature'), secrets, ['sha256']),
  deliveryId: () => undefined,
  payload: () => Push,
};

const text = z.string().check(z.minLength(1));

const Push = z.pipe(
  z.object({ url: text, ref: text }),
  z.transform(({ url, ref }) => gitChanges({ urls: [url], ref: ref.startsWith('refs/') ? ref : `refs/heads/${ref}` })),
);
