import { createHmac } from 'node:crypto';
import * as z from 'zod/mini';
import { gitChanges } from './git-changes.ts';
import { deliveryIdIn, singleValue } from './headers.ts';
import type { Headers, Sender, WebhookRequest } from './sender.ts';
import { sameText } from './signature.ts';

/** GitLab.com and self-managed (facts/webhooks.md §1.3). A configured secret that begins with `whsec_` is a signing token, any other the plain one. */
export const gitlab: Sender = {
  proof: 'X-Gitlab-Token (with a signing token: its webhook-signature, at most five minutes old)',
  verify,
  deliveryId: (headers) => deliveryIdIn(headers, 'webhook-id') ?? deliveryIdIn(headers, 'idempotency-key'),
  payload: (headers) => (pushEvents.has(singleValue(headers, 'x-gitlab-event') ?? '') ? Push : undefined),
};

const pushEvents: ReadonlySet<string> = new Set(['Push Hook', 'Tag Push Hook']);

const Push = z.pipe(
  z.object({
    ref: z.string().check(z.startsWith('refs/')),
    before: z.string(),
    after: z.string(),
    // The commit where `after` is an annotated tag's own object; null where the ref was deleted.
    checkout_sha: z.nullish(z.string()),
    project: z.object({ git_http_url: z.string(), git_ssh_url: z.string() }),
  }),
  z.transform(({ ref, before, after, checkout_sha, project }) =>
    gitChanges({ urls: [project.git_http_url, project.git_ssh_url], ref, before, after: checkout_sha ?? after }),
  ),
);

/** With a signing token configured only a signature counts: what fails it is not tried with the plain token. */
function verify(request: WebhookRequest, secrets: readonly string[], now: number): boolean {
  const signingTokens = secrets.filter((secret) => secret.startsWith(signingPrefix));
  if (signingTokens.length > 0) return hasSignature(request, signingTokens, now);
  return hasToken(request.headers, secrets);
}

/** A token may hold commas, so the header is first taken as it came. */
function hasToken(headers: Headers, secrets: readonly string[]): boolean {
  const tokens = [headers['x-gitlab-token'], singleValue(headers, 'x-gitlab-token')];
  return tokens.some((token) => token !== undefined && secrets.some((secret) => sameText(token, secret)));
}

const signingPrefix = 'whsec_';
const toleranceSeconds = 5 * 60;

/** Standard Webhooks: HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{body}`; the header may hold several signatures `v1,<base64>`. */
function hasSignature({ headers, body }: WebhookRequest, signingTokens: readonly string[], now: number): boolean {
  const id = singleValue(headers, 'webhook-id');
  const timestamp = singleValue(headers, 'webhook-timestamp');
  if (id === undefined || timestamp === undefined || !/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(now / 1000 - Number(timestamp)) > toleranceSeconds) return false;
  const given = [...(headers['webhook-signature'] ?? '').matchAll(/(?<![^\s,])v1,([A-Za-z0-9+/]{43}=)(?![^\s,])/g)];
  for (const token of signingTokens) {
    const key = Buffer.from(token.slice(signingPrefix.length), 'base64');
    if (key.length === 0) continue;
    const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest('base64');
    if (given.some(([, signature]) => sameText(signature ?? '', expected))) return true;
  }
  return false;
}
