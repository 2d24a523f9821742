import * as z from 'zod/mini';
import { imageName } from '../domain/images/image-name.ts';
import { gitChanges } from './git-changes.ts';
import { singleValue } from './headers.ts';
import { isDigest, isTag } from './image-changes.ts';
import type { Reading, Sender } from './sender.ts';
import { isSigned } from './signature.ts';

/**
 * Whatever can sign: a CI job, a git server's hook. `X-Signature: sha256=<hexadecimal HMAC-SHA256 of the body>`, body `{url, ref}`, where
 * `ref` is a full name (`refs/heads/main`) or that of a branch (`main`), or `{image, tag?, digest?}`.
 */
export const generic: Sender = {
  proof: 'X-Signature',
  verify: ({ headers, body }, { secrets }) => isSigned(body, singleValue(headers, 'x-signature'), secrets, ['sha256']),
  event: () => read,
  tellsErrors: true,
};

function read(body: unknown): Reading {
  return typeof body === 'object' && body !== null && 'image' in body ? readImage(body) : readPush(body);
}

const text = z.string().check(z.minLength(1));
const Push = z.object({ url: text, ref: text });

function readPush(body: unknown): Reading {
  const { url, ref } = Push.parse(body);
  return { changes: gitChanges({ urls: [url], ref: ref.startsWith('refs/') ? ref : `refs/heads/${ref}` }) };
}

const Image = z.object({
  image: z.string().check(z.refine((image) => imageName(image) !== undefined)),
  tag: z.nullish(z.string().check(z.refine(isTag))),
  digest: z.nullish(z.string().check(z.refine(isDigest))),
});

function readImage(body: unknown): Reading {
  const { image, tag, digest } = Image.parse(body);
  // A CI job may know no more than that there is something new.
  const name = imageName(image) ?? image;
  return { changes: [{ kind: 'image', image: name, ...(tag && { tag }), ...(digest && { digest }) }] };
}
