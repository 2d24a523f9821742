import * as z from 'zod/mini';
import { imageName } from '../domain/images/image-name.ts';
import { gitChanges } from './git-changes.ts';
import type { Guide } from './guide.ts';
import { singleValue } from './headers.ts';
import { isDigest, isTag } from './image-changes.ts';
import type { Reading, Sender } from './sender.ts';
import { hmacHex, isSigned } from './signature.ts';

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

export const genericGuide: Guide = {
  product: 'Anything that can sign: a CI job, a hook of a git server',
  brings: 'pushes and images',
  settings: '{ id: acme-ci, sender: generic, secret: { env: CI_WEBHOOK_SECRET } }',
  where: 'Wherever curl can be run',
  fields: [
    ['URL', '$URL'],
    [
      'Body',
      '{"url": "https://git.acme.io/shop.git", "ref": "main"} or {"image": "registry.acme.io/shop", "tag": "1.2.3", "digest": "sha256:…"}',
    ],
    ['Header', 'X-Signature: sha256=<hexadecimal HMAC-SHA256 of the body with $SECRET>'],
  ],
  events: [
    'whatever was pushed; `ref` is the name of a branch, or a full one such as refs/heads/main, and `tag` and `digest` may be missing',
  ],
  proof: '`X-Signature`, HMAC-SHA256 over the raw body',
  notes: [
    'A delivery has no id: sent twice, it counts twice, and the second run finds nothing to do.',
    `With curl: \`curl --data-binary "$body" --header "X-Signature: sha256=$(printf %s "$body" | openssl dgst -sha256 -hmac "$SECRET" -r | cut -d' ' -f1)" "$URL"\``,
  ],
  sample({ secret, repository, branch }) {
    const body = JSON.stringify({ url: repository, ref: branch });
    const signature = `sha256=${hmacHex('sha256', secret, body)}`;
    return { headers: { 'content-type': 'application/json', 'x-signature': signature }, body };
  },
};
