import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Change } from '../../lib/domain/jobs/change.ts';
import type { Delivery } from '../../lib/webhooks/read-delivery.ts';
import { describeShared } from '../shared.ts';
import { post, statusOf } from './deliver.ts';

/** Deliveries that the senders' own documents and other receivers' tests record. */

interface Recorded {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

interface LambdaEvent {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

interface Vector {
  readonly sender: string;
  readonly header: string;
  readonly secret: string;
  readonly rawBodyBase64: string;
  readonly expectedHeaderValue: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a payload file becomes: `ref before after` of a push (`-` for none), `image tag digest`, `#number event base head`, or nothing to do. */
const recorded: Readonly<Record<string, string>> = {
  'github-branch-deleted': '204',
  'github-delete-event': '204',
  'github-package-create-oldbeta': 'ghcr.io/utaitebox/utaitebox-server 3.2.1 sha256:7d3848ba2f2e',
  'github-package-minimal': 'ghcr.io/nitishfy/guestbook 5.5.9 -',
  'github-package-published': '204',
  'github-ping': '204',
  'github-pull_request-synchronize': '#2 updated refs/heads/master ec26c3e57ca3',
  'github-push': 'refs/heads/master a10867b14bb7 199eddf46df5',
  'github-push-branch-created': 'refs/heads/feature-branch - d2b75aa7797e',
  'github-push-forced': 'refs/heads/master d5c1ffa8e294 63738bb582c8',
  'github-push-tag': 'refs/tags/v0.0.1 - d2b75aa7797e',
  'github-push-tag-deleted': '204',
  'github-registry_package-published': 'ghcr.io/dingggu/utaitebox/server 1.2.3 -',
  'gitlab-branch-created': 'refs/heads/feature - c4c79227ed61',
  'gitlab-branch-deleted': '204',
  'gitlab-merge-request': '#1 opened refs/heads/master c4c79227ed61',
  'gitlab-merge-request-update-new-commit': '#3 updated refs/heads/main 5ff66a1f7404',
  'gitlab-push': 'refs/heads/master 95790bf891e7 da1560886d4f',
  'gitlab-push-2': 'refs/heads/master 9217710ce8c7 2adc9465c4ed',
  'gitlab-tag-deleted': '204',
  'gitlab-tag-push': 'refs/tags/v1.0.0 - 2adc9465c4ed',
};

describeShared('recorded deliveries', (directory) => {
  const payloads = join(directory, 'payloads');

  function read<T>(file: string): T {
    return JSON.parse(readFileSync(join(directory, file), 'utf8'));
  }

  it('each has an expectation', () => {
    const files = readdirSync(payloads).filter((file) => /^git(hub|lab)-/.test(file));
    expect(files.map((file) => file.replace('.json', '')).sort()).toEqual(Object.keys(recorded).sort());
  });

  it.each(Object.entries(recorded))('%s becomes %s', async (name, expected) => {
    const { headers, body } = read<Recorded>(`payloads/${name}.json`);
    const bytes = Buffer.from(JSON.stringify(body));
    const delivery = name.startsWith('github')
      ? await post('github', 's', { ...headers, 'X-Hub-Signature-256': sign(bytes, 's') }, bytes)
      : await post('gitlab', 's', { ...headers, 'X-Gitlab-Token': 's' }, bytes);
    expect(summary(delivery)).toBe(expected);
    if ('changes' in delivery) {
      expect(delivery.deliveryId).toBe(headers['X-GitHub-Delivery'] ?? headers['Idempotency-Key']);
    }
  });

  it.each([
    ['_lambda-v2-event-base64-github-push', recorded['github-push']],
    ['_lambda-v2-event-text-github-push', recorded['github-push']],
    ['_lambda-v2-event-form-github-ping', '204'],
  ])('%s verifies as it was signed', async (name, expected) => {
    const { body: event } = read<{ readonly body: LambdaEvent }>(`payloads/${name}.json`);
    const bytes = Buffer.from(event.body, event.isBase64Encoded ? 'base64' : 'utf8');
    expect(summary(await post('github', 'topsecret', event.headers, bytes))).toBe(expected);
    expect(summary(await post('github', 'topsecret2', event.headers, bytes))).toBe('401');
  });

  describe('signature vectors', () => {
    const vectors = read<Vector[]>('payloads/_signature-vectors.json').filter((vector) =>
      /^git(hub|lab)/.test(vector.sender),
    );

    it('are there', () => expect(vectors.length).toBeGreaterThanOrEqual(5));

    it.each(vectors)('$sender $header', async (vector) => {
      const body = Buffer.from(vector.rawBodyBase64, 'base64');
      const headers = {
        ...vector.headers,
        [vector.header]: vector.expectedHeaderValue,
        ...(vector.contentType !== undefined && { 'content-type': vector.contentType }),
      };
      const sender = vector.sender.startsWith('github') ? 'github' : 'gitlab';
      const at = Number(vector.headers?.['webhook-timestamp'] ?? 0) * 1000;
      // No event is named, so what verifies is nothing to do. GitHub's SHA-1 is not looked at (facts/webhooks.md §1.1).
      const expected = vector.expectedHeaderValue.startsWith('sha1=') ? 401 : 204;
      expect(statusOf(await post(sender, vector.secret, headers, body, at))).toBe(expected);
      expect(statusOf(await post(sender, vector.secret, headers, Buffer.concat([body, body]), at))).toBe(401);
      expect(statusOf(await post(sender, `${vector.secret}x9zQ`, headers, body, at))).toBe(401);
    });
  });
});

function summary(delivery: Delivery): string {
  if ('status' in delivery) return String(delivery.status);
  return delivery.changes.map(describeChange).join('; ');
}

function describeChange(change: Change): string {
  if (change.kind === 'git') return `${change.ref} ${short(change.before)} ${short(change.after)}`;
  if (change.kind === 'image') return `${change.image} ${change.tag} ${change.digest?.slice(0, 19) ?? '-'}`;
  return `#${change.number} ${change.event} ${change.base} ${short(change.head.commit)}`;
}

function short(commit: string | undefined): string {
  return commit?.slice(0, 12) ?? '-';
}

function sign(body: Buffer, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
}
