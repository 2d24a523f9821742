import { createHmac, randomUUID } from 'node:crypto';

/** A request of the load, made at the moment when it is sent. */
export interface LoadDelivery {
  readonly webhook: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** What has to be answered. */
  readonly status: 202 | 400 | 401 | 404 | 422;
}

export interface LoadTarget {
  readonly name: string;
  /** Clone address of its repository, and the commit that its branch `main` is at. */
  readonly url: string;
  readonly head: string;
}

/** As large as what a forge says of a push of a few commits. */
const filler = Array.from({ length: 12 }, (_, index) => ({
  id: index.toString(16).padStart(40, 'c'),
  message: 'Raise the price of everything that is sold on the market, since the harvest was a poor one this year\n',
  timestamp: '2026-08-01T12:00:00Z',
  author: { name: 'Ada Lovelace', email: 'ada@acme.example', username: 'ada' },
  added: ['clusters/staging/prices/configmap.yaml'],
  modified: ['clusters/staging/shop/deployment.yaml', 'clusters/staging/shop/service.yaml'],
  removed: [],
}));

const senders = ['github', 'gitlab', 'gitea', 'generic'] as const;
export const webhooks = senders.map((sender) => ({ id: sender, sender, secret: { file: 'webhook-secret' } }));

/** The push number `count` of the load: senders and targets take turns. */
export function wellFormed(count: number, target: LoadTarget, secret: string): LoadDelivery {
  const sender = senders[count % senders.length] ?? 'github';
  const { url, head } = target;
  const push = { ref: 'refs/heads/main', before: '0'.repeat(40), after: head, commits: filler };
  const id = randomUUID();
  switch (sender) {
    case 'github': {
      const body = JSON.stringify({ ...push, repository: { clone_url: url, ssh_url: url } });
      const signature = `sha256=${hmac(secret, body)}`;
      return delivery(
        'github',
        { 'x-github-event': 'push', 'x-github-delivery': id, 'x-hub-signature-256': signature },
        body,
      );
    }
    case 'gitlab': {
      const body = JSON.stringify({ ...push, checkout_sha: head, project: { git_http_url: url, git_ssh_url: url } });
      return delivery(
        'gitlab',
        { 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': secret, 'idempotency-key': id },
        body,
      );
    }
    case 'gitea': {
      const json = JSON.stringify({ ...push, repository: { clone_url: url, ssh_url: url } });
      const headers = {
        'content-type': 'application/x-www-form-urlencoded',
        'x-gitea-event': 'push',
        'x-gitea-delivery': id,
        'x-gitea-signature': hmac(secret, json),
      };
      return delivery('gitea', headers, `payload=${encodeURIComponent(json)}`);
    }
    case 'generic': {
      const body = JSON.stringify({ url, ref: 'main' });
      return delivery('generic', { 'x-signature': `sha256=${hmac(secret, body)}` }, body);
    }
  }
}

const spoilers: readonly ((right: LoadDelivery, secret: string) => LoadDelivery)[] = [
  (right) => ({ ...right, headers: { 'content-type': 'application/json', 'x-github-event': 'push' }, status: 401 }),
  (right) => ({ ...right, headers: signed('another secret', right.body), status: 401 }),
  (right, secret) => ({ ...right, body: '{"ref":', headers: signed(secret, '{"ref":'), status: 400 }),
  (right, secret) => ({ ...right, body: '{"ref":1}', headers: signed(secret, '{"ref":1}'), status: 422 }),
  (right) => ({ ...right, webhook: 'nobody', status: 404 }),
];

/** One that has to be refused, in one way after the other. */
export function malformed(count: number, target: LoadTarget, secret: string): LoadDelivery {
  const right = wellFormed(0, target, secret);
  return spoilers[count % spoilers.length]?.(right, secret) ?? right;
}

function signed(secret: string, body: string): LoadDelivery['headers'] {
  return {
    'content-type': 'application/json',
    'x-github-event': 'push',
    'x-github-delivery': randomUUID(),
    'x-hub-signature-256': `sha256=${hmac(secret, body)}`,
  };
}

function delivery(webhook: string, headers: LoadDelivery['headers'], body: string): LoadDelivery {
  return { webhook, headers: { 'content-type': 'application/json', ...headers }, body, status: 202 };
}

function hmac(secret: string, body: string): string {
  return createHmac('sha256', secret).update(body).digest('hex');
}
