import { Webhooks } from '@octokit/webhooks';
import * as z from 'zod/mini';
import { jsonOfForm } from './form.ts';
import { FullRef, gitChanges } from './git-changes.ts';
import { readPackage } from './github-packages.ts';
import type { Guide } from './guide.ts';
import { deliveryIdIn, singleValue } from './headers.ts';
import { PullRequestEvent, Repository, readPullRequest, urlsOf } from './pull-requests.ts';
import type { Headers, ReadBody, Reading, Sender, Trust, WebhookRequest } from './sender.ts';
import { hmacHex, isSigned } from './signature.ts';
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

export const githubGuide: Guide = {
  product: 'GitHub, GitHub Enterprise Server, GitHub Apps, GHCR',
  brings: 'pushes and images',
  settings: '{ id: acme-github, sender: github, secret: { env: GITHUB_WEBHOOK_SECRET } }',
  where: 'Repository or organisation → Settings → Webhooks → Add webhook; of a GitHub App: its settings → Webhook',
  fields: [
    ['Payload URL', '$URL'],
    ['Content type', 'application/json; a form is read as well'],
    ['Secret', '$SECRET'],
  ],
  events: ['Pushes', 'Packages (of a GitHub App: Registry packages), for images on GHCR', 'Pull requests'],
  proof: '`X-Hub-Signature-256`, HMAC-SHA256 over the raw body',
  notes: [
    'GitHub does not repeat a delivery that failed. "Recent Deliveries" redelivers by hand, and the sweep of each target finds what was missed.',
    'Nothing is sent for a push of more than three tags or 5,000 branches.',
    'Only packages that are linked to a repository raise events of it.',
  ],
  sample({ secret, repository, branch, now }) {
    const body = JSON.stringify({
      ref: `refs/heads/${branch}`,
      before: 'unknown',
      after: 'unknown',
      repository: { clone_url: repository, ssh_url: repository },
    });
    const headers = {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': `sluice-${now}`,
      'x-hub-signature-256': `sha256=${hmacHex('sha256', secret, body)}`,
    };
    return { headers, body };
  },
};
