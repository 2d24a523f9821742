import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type SenderName, WebhookSettings } from '../../lib/domain/settings/webhook-settings.ts';
import { lowerHeaders } from '../../lib/webhooks/headers.ts';
import { type Delivery, readDelivery } from '../../lib/webhooks/read-delivery.ts';
import { readEvent } from '../../lib/webhooks/read-event.ts';
import { describeShared } from '../shared.ts';
import { post, statusOf } from './deliver.ts';
import { now } from './examples/example.ts';
import { findKey } from './google.ts';
import { describeChanges, eventReplays, type HttpReplay, httpReplays, namesIn } from './replays.ts';
import { said } from './said.ts';

/** Deliveries that the senders' own documents and other receivers' tests record. */

interface Vector {
  readonly sender: string;
  readonly header: string;
  readonly secret: string;
  readonly rawBodyBase64: string;
  readonly expectedHeaderValue: string;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function replay({ sender, settings, secret }: HttpReplay, sent: HttpReplay['right']): Promise<Delivery> {
  const webhook = WebhookSettings.parse({ id: 'acme', sender, ...settings, ...(secret && { secret: { env: 'S' } }) });
  const request = { method: 'POST', headers: lowerHeaders(sent.headers), body: sent.body };
  return readDelivery(request, { webhook, secrets: secret === undefined ? [] : [secret], now, findKey });
}

function summary(delivery: Delivery): string {
  if ('changes' in delivery) return describeChanges(delivery.changes);
  return delivery.status === 204 ? '-' : String(delivery.status);
}

describeShared('recorded deliveries', (directory) => {
  it('there are 73, and each has an expectation', () => {
    const names = namesIn(directory);
    expect(names).toHaveLength(73);
    expect([...names].sort()).toEqual(Object.keys(said).sort());
    expect(httpReplays(directory).length + eventReplays(directory).length).toBe(73);
  });

  it.each(httpReplays(directory))('$name becomes $says', async (recorded) => {
    expect(summary(await replay(recorded, recorded.right))).toBe(recorded.says);
  });

  it.each(httpReplays(directory).filter(({ wrong }) => wrong))('$name by someone else is refused', async (recorded) => {
    expect(statusOf(await replay(recorded, recorded.wrong ?? recorded.right))).toBe(401);
  });

  it.each(eventReplays(directory))('the event $name becomes $says', ({ event, says }) => {
    expect(summary(readEvent(event))).toBe(says);
  });

  describe('signature vectors', () => {
    const file = join(directory, 'payloads/_signature-vectors.json');
    const vectors: readonly Vector[] = JSON.parse(readFileSync(file, 'utf8'));

    it('are there', () => expect(vectors.length).toBeGreaterThanOrEqual(11));

    it.each(vectors)('$sender $header', async (vector) => {
      const body = Buffer.from(vector.rawBodyBase64, 'base64');
      const sender = senders[vector.sender] ?? 'github';
      const headers = {
        ...vector.headers,
        [vector.header]: vector.expectedHeaderValue,
        ...(vector.contentType !== undefined && { 'content-type': vector.contentType }),
      };
      const at = Number(vector.headers?.['webhook-timestamp'] ?? 0) * 1000;
      // No header names an event, so what verifies is nothing to do; JFrog's body names one and says no more. GitHub's SHA-1 is not looked at (facts/webhooks.md §1.1).
      const verified = sender === 'jfrog' ? 200 : 204;
      const expected = vector.expectedHeaderValue.startsWith('sha1=') ? 401 : verified;
      expect(statusOf(await post(sender, vector.secret, headers, body, at))).toBe(expected);
      expect(statusOf(await post(sender, vector.secret, headers, Buffer.concat([body, body]), at))).toBe(401);
      expect(statusOf(await post(sender, `${vector.secret}x9zQ`, headers, body, at))).toBe(401);
    });
  });
});

/** Of the names in the file of vectors. */
const senders: Readonly<Record<string, SenderName>> = {
  'bitbucket-server': 'bitbucket-server',
  'bitbucket-cloud': 'bitbucket',
  gitea: 'gitea',
  'gitea-form': 'gitea',
  nexus: 'nexus',
  jfrog: 'jfrog',
  'gitlab-signing-token': 'gitlab',
};
