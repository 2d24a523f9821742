import * as z from 'zod/mini';
import type { PullRequestChange } from '../domain/jobs/change.ts';
import type { WebhookSettings } from '../domain/settings/webhook-settings.ts';
import { FullRef, gitChanges } from './git-changes.ts';
import type { Guide } from './guide.ts';
import { deliveryIdIn, singleValue } from './headers.ts';
import { pullRequestChanges } from './pull-requests.ts';
import type { ReadBody, Reading, Sender, Trust, WebhookRequest } from './sender.ts';
import { isSecretHeader } from './signature.ts';
import { hasStandardSignature, isSigningToken, signStandardWebhook } from './standard-webhooks.ts';

/** GitLab.com and self-managed (facts/webhooks.md §1.3). A configured secret that begins with `whsec_` is a signing token, any other the plain one. */
export const gitlab: Sender = {
  proof: 'X-Gitlab-Token (with a signing token: its webhook-signature, at most five minutes old)',
  verify,
  deliveryId: (headers) => deliveryIdIn(headers, 'webhook-id') ?? deliveryIdIn(headers, 'idempotency-key'),
  event: (headers) => events.get(singleValue(headers, 'x-gitlab-event') ?? ''),
  tellsErrors: true,
};

const events: ReadonlyMap<string, ReadBody> = new Map([
  ['Push Hook', readPush],
  ['Tag Push Hook', readPush],
  ['Merge Request Hook', readMergeRequest],
  ['System Hook', readSystem],
]);

/** A system hook names its event in the body, older ones as `event_name`. */
const SystemEvent = z.object({ event_name: z.nullish(z.string()), object_kind: z.nullish(z.string()) });

const systemEvents: ReadonlyMap<string, ReadBody> = new Map([
  ['push', readPush],
  ['tag_push', readPush],
  ['repository_update', readUpdate],
  ['merge_request', readMergeRequest],
]);

function readSystem(body: unknown, webhook: WebhookSettings): Reading {
  const { event_name, object_kind } = SystemEvent.parse(body);
  const read = systemEvents.get(object_kind ?? event_name ?? '');
  return read?.(body, webhook) ?? { changes: [] };
}

const Project = z.object({ git_http_url: z.string(), git_ssh_url: z.string() });

function urlsOf({ git_http_url, git_ssh_url }: z.infer<typeof Project>): readonly string[] {
  return [git_http_url, git_ssh_url];
}

const Push = z.object({
  ref: FullRef,
  before: z.string(),
  after: z.string(),
  // The commit where `after` is an annotated tag's own object; null where the ref was deleted.
  checkout_sha: z.nullish(z.string()),
  project: Project,
});

function readPush(body: unknown): Reading {
  const { ref, before, after, checkout_sha, project } = Push.parse(body);
  return { changes: gitChanges({ urls: urlsOf(project), ref, before, after: checkout_sha ?? after }) };
}

/** Sent once for a push, however many refs it moves: of more than three no other event tells. */
const Update = z.object({
  project: Project,
  changes: z.array(z.object({ ref: FullRef, before: z.string(), after: z.string() })),
});

function readUpdate(body: unknown): Reading {
  const { project, changes } = Update.parse(body);
  return { changes: changes.flatMap((change) => gitChanges({ urls: urlsOf(project), ...change })) };
}

const MergeRequest = z.object({
  object_attributes: z.object({
    iid: z.number(),
    action: z.nullish(z.string()),
    // Only there when the commits changed.
    oldrev: z.nullish(z.string()),
    source_branch: z.string(),
    target_branch: z.string(),
    last_commit: z.nullish(z.object({ id: z.string() })),
    source: z.nullish(Project),
    target: Project,
  }),
});

function readMergeRequest(body: unknown): Reading {
  const { action, oldrev, iid, source, target, ...request } = MergeRequest.parse(body).object_attributes;
  const changes = pullRequestChanges({
    event: action === 'update' && !oldrev ? undefined : actions.get(action ?? ''),
    number: iid,
    urls: urlsOf(target),
    base: `refs/heads/${request.target_branch}`,
    head: {
      urls: source ? urlsOf(source) : [],
      ref: `refs/heads/${request.source_branch}`,
      commit: request.last_commit?.id,
    },
  });
  return { changes };
}

const actions: ReadonlyMap<string, PullRequestChange['event']> = new Map([
  ['open', 'opened'],
  ['reopen', 'opened'],
  ['update', 'updated'],
  ['merge', 'merged'],
  ['close', 'closed'],
]);

/** With a signing token configured only a signature counts: what fails it is not tried with the plain token. */
function verify(request: WebhookRequest, { secrets, now }: Trust): boolean {
  const signingTokens = secrets.filter(isSigningToken);
  if (signingTokens.length > 0) return hasStandardSignature(request, signingTokens, now);
  return isSecretHeader(request.headers, 'x-gitlab-token', secrets);
}

export const gitlabGuide: Guide = {
  product: 'GitLab.com, GitLab self-managed',
  brings: 'pushes',
  settings: '{ id: acme-gitlab, sender: gitlab, secret: { env: GITLAB_WEBHOOK_SECRET } }',
  where: 'Project or group → Settings → Webhooks → Add new webhook; for a whole instance: Admin → System hooks',
  fields: [
    ['URL', '$URL'],
    ['Secret token', '$SECRET; or "Generate signing token", and what it shows (whsec_…) is the secret'],
  ],
  events: ['Push events', 'Tag push events', 'Merge request events', 'of a system hook: Repository update events'],
  proof:
    '`X-Gitlab-Token`, the secret itself; with a signing token by `webhook-signature`, HMAC-SHA256 over id, time and raw body, at most five minutes old',
  notes: [
    'With a signing token the plain one does not count any more.',
    'A hook sends nothing for a push of more than three branches or tags; a system hook with repository updates does.',
    'After four errors in a row GitLab disables a hook: a wrong secret does that. "Test" enables it again.',
    'The container registry of GitLab.com has no webhook for images. That of a GitLab of your own is a `distribution`.',
  ],
  sample({ secret, repository, branch, now }) {
    const body = JSON.stringify({
      ref: `refs/heads/${branch}`,
      before: 'unknown',
      after: 'unknown',
      project: { git_http_url: repository, git_ssh_url: repository },
    });
    const proof = isSigningToken(secret)
      ? signStandardWebhook(body, secret, `sluice-${now}`, now)
      : { 'x-gitlab-token': secret, 'idempotency-key': `sluice-${now}` };
    return { headers: { 'content-type': 'application/json', 'x-gitlab-event': 'Push Hook', ...proof }, body };
  },
};
