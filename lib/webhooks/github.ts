import { Webhooks } from '@octokit/webhooks';
import * as z from 'zod/mini';
import { gitChanges } from './git-changes.ts';
import { deliveryIdIn, singleValue } from './headers.ts';
import type { Headers, Sender, WebhookRequest } from './sender.ts';
import { isSigned } from './signature.ts';
import { decodeUtf8 } from './utf8.ts';

/** GitHub, GitHub Enterprise Server, and what signs as they do (facts/webhooks.md §1.1). */
export const github: Sender = {
  proof: 'X-Hub-Signature-256',
  verify,
  deliveryId: (headers) => deliveryIdIn(headers, 'x-github-delivery'),
  payload: (headers) => (singleValue(headers, 'x-github-event') === 'push' ? Push : undefined),
  json,
};

const Push = z.pipe(
  z.object({
    ref: z.string().check(z.startsWith('refs/')),
    before: z.string(),
    after: z.string(),
    repository: z.object({ clone_url: z.string(), ssh_url: z.string() }),
  }),
  z.transform(({ ref, before, after, repository }) =>
    gitChanges({ urls: [repository.clone_url, repository.ssh_url], ref, before, after }),
  ),
);

async function verify({ headers, body }: WebhookRequest, secrets: readonly string[]): Promise<boolean> {
  if (headers['x-hub-signature-256'] === undefined) return verifyOlder(headers, body, secrets);
  const signature = singleValue(headers, 'x-hub-signature-256');
  if (signature === undefined) return false;
  const text = decodeUtf8(body);
  // octokit signs text, and throws on an empty one; a text with replacement characters would not stand for the bytes that came.
  if (text === undefined || text === '') return isSigned(body, signature, secrets, ['sha256']);
  for (const secret of secrets) {
    if (await new Webhooks({ secret }).verify(text, signature)) return true;
  }
  return false;
}

/** `X-Hub-Signature` alone, as relays sent it to Flux v1's receiver; not with SHA-1, which GitHub itself puts there. */
function verifyOlder(headers: Headers, body: Buffer, secrets: readonly string[]): boolean {
  return isSigned(body, singleValue(headers, 'x-hub-signature'), secrets, ['sha256', 'sha512']);
}

/**
 * A hook with content type `application/x-www-form-urlencoded` sends the JSON as the form's field `payload`; what is signed is the form.
 * Only that field is decoded: URLSearchParams takes minutes over a form of millions of fields.
 */
function json(text: string, headers: Headers): string {
  if (!/^application\/x-www-form-urlencoded\b/i.test(headers['content-type'] ?? '')) return text;
  const [, field] = /(?:^|&)(payload=[^&]*)/.exec(text) ?? [];
  return new URLSearchParams(field).get('payload') ?? '';
}
