import { Webhooks } from '@octokit/webhooks';
import * as z from 'zod/mini';
import { jsonOfForm } from './form.ts';
import { FullRef, gitChanges } from './git-changes.ts';
import { readPackage } from './github-packages.ts';
import { deliveryIdIn, singleValue } from './headers.ts';
import { PullRequestEvent, Repository, readPullRequest, urlsOf } from './pull-requests.ts';
import type { Headers, ReadBody, Reading, Sender, Trust, WebhookRequest } from './sender.ts';
import { isSigned } from './signature.ts';
import { decodeUtf8 } from './utf8.ts';

/** GitHub, GitHub Enterprise Server, GitHub Apps, GHCR, and what signs as they do (facts/webhooks.md §1.1, §1.2). */
export const github: Sender = {
  proof: 'X-Hub-Signature-256',
  verify,
  deliveryId: (headers) => deliveryIdIn(headers, 'x-github-delivery'),
  event: (headers) => events.get(singleValue(headers, 'x-github-event') ?? ''),
  // A hook with content type `application/x-www-form-urlencoded`: what is signed is the form.
  json: jsonOfForm,
  tellsErrors: true,
};

const events: ReadonlyMap<string, ReadBody> = new Map([
  ['push', readPush],
  ['pull_request', readRequest],
  ['package', readPackage],
  ['registry_package', readPackage],
]);

/** Only deliveries of a GitHub App have one. */
const installed = { installation: z.nullish(z.object({ id: z.number() })) };

const Push = z.object({
  ref: FullRef,
  before: z.string(),
  after: z.string(),
  repository: Repository,
  ...installed,
});

function readPush(body: unknown): Reading {
  const { repository, installation, ...push } = Push.parse(body);
  return { changes: gitChanges({ ...push, urls: urlsOf(repository), installation: installation?.id.toString() }) };
}

const Request = z.extend(PullRequestEvent, installed);

function readRequest(body: unknown): Reading {
  const event = Request.parse(body);
  return { changes: readPullRequest(event, event.installation?.id.toString()) };
}

async function verify({ headers, body }: WebhookRequest, { secrets }: Trust): Promise<boolean> {
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
