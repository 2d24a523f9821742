import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { SenderName } from '../../lib/domain/settings/webhook-settings.ts';
import { describeShared } from '../shared.ts';
import { post, statusOf } from './deliver.ts';

interface FluxCase {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
  readonly input: {
    readonly source?: string;
    readonly key?: string;
    readonly receiver?: { readonly type?: string };
    readonly secret?: { readonly data: { readonly token: string } } | null;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string;
  };
}

/** What Sluice says to what is sent to the receivers of Flux; DESIGN §5.2 gives the statuses, 202 stands for changes. */
const answers: Readonly<Record<string, { readonly status: number; readonly why: string }>> = {
  'webhooks-001': { status: 202, why: 'the same' },
  'webhooks-003': { status: 204, why: 'the tag was deleted: a notification in Flux v1, nothing to do here' },
  'webhooks-005': { status: 401, why: 'the same' },
  'webhooks-007': { status: 401, why: 'the same' },
  'webhooks-009': { status: 401, why: 'the same' },
  'webhooks-011': { status: 401, why: 'the same' },
  'webhooks-013': { status: 401, why: 'the same' },
  'webhooks-015': { status: 204, why: 'another event is no error' },
  'webhooks-017': { status: 401, why: 'the same' },
  'webhooks-019': { status: 401, why: 'without a token of Google nobody has sent it' },
  'webhooks-025': { status: 401, why: 'unsigned: `generic` is what Flux v2 calls generic-hmac' },
  'webhooks-027': { status: 401, why: 'unsigned' },
  'webhooks-029': { status: 401, why: 'unsigned' },
  'webhooks-031': { status: 422, why: 'well signed; null names no url and ref' },
  'webhooks-033': { status: 202, why: 'the same' },
  'webhooks-035': { status: 401, why: 'no secret is our fault, and the sender learns no more than with a wrong one' },
  'webhooks-039': { status: 401, why: 'unsigned' },
  'webhooks-041': { status: 401, why: 'unsigned' },
  'webhooks-043': { status: 401, why: 'unsigned' },
  'webhooks-045': { status: 413, why: 'the same, from 8 MiB on instead of 3' },
  'webhooks-047': { status: 401, why: 'unsigned' },
  'webhooks-049': { status: 204, why: 'well signed; no event is named, so no ref has moved' },
  'webhooks-051': { status: 401, why: 'unsigned' },
  'webhooks-053': { status: 202, why: 'the same' },
  'webhooks-055': { status: 200, why: 'the same to Docker Hub, and the log says that it names no image' },
  'webhooks-057': { status: 401, why: 'a token that is none; without an email validate refuses the settings' },
  'webhooks-059': { status: 204, why: 'the same: well signed, and no event is named' },
  'webhooks-061': { status: 401, why: 'unsigned' },
};

const senderOf: Readonly<Record<string, SenderName>> = {
  BitbucketCloud: 'bitbucket',
  BitbucketServer: 'bitbucket-server',
  DockerHub: 'dockerhub',
  GitHub: 'github',
  GitLab: 'gitlab',
  GoogleContainerRegistry: 'gcr',
  Harbor: 'harbor',
  Nexus: 'nexus',
  Quay: 'quay',
  bitbucket: 'bitbucket',
  cdevents: 'cdevents',
  dockerhub: 'dockerhub',
  gcr: 'gcr',
  generic: 'generic',
  'generic-hmac': 'generic',
  github: 'github',
  gitlab: 'gitlab',
  harbor: 'harbor',
  nexus: 'nexus',
  quay: 'quay',
};

/** What proves a delivery of these is not the secret of the case: the id, which nobody else knows, or a token. */
const withoutSecret: ReadonlySet<SenderName> = new Set(['dockerhub', 'quay', 'gcr', 'bitbucket']);

describeShared('the cases of flux-recv and of the receiver of Flux v2', (directory) => {
  const file: { readonly cases: readonly FluxCase[] } = JSON.parse(
    readFileSync(join(directory, 'cases/webhooks.json'), 'utf8'),
  );
  const cases = file.cases.flatMap(({ kind, id, name, input }) => {
    const sender = senderOf[input.source ?? input.receiver?.type ?? ''];
    return sender && (kind === 'flux_recv' || kind === 'flux2_receiver') ? [{ id, name, input, sender }] : [];
  });

  it('each has an answer', () => {
    expect(cases.map(({ id }) => id)).toEqual(Object.keys(answers));
  });

  it.each(cases)('$id: $name', async ({ id, input, sender }) => {
    const generated = input.body.startsWith('$generate: JSON object larger than 3 MiB');
    const body = Buffer.from(generated ? JSON.stringify({ pad: 'x'.repeat(9 * 1024 * 1024) }) : input.body);
    const secret = input.key ?? input.secret?.data.token ?? '';
    const { status, why } = answers[id] ?? {};
    const delivery = await post(sender, withoutSecret.has(sender) ? undefined : secret, input.headers, body);
    expect(statusOf(delivery), why).toBe(status);
  });

  it('webhooks-003 would be a change of the ref that Flux v1 names, had the tag been made', async () => {
    const input = cases.find(({ id }) => id === 'webhooks-003')?.input;
    const body = Buffer.from(input?.body.replaceAll(/0{40}/g, 'd'.repeat(40)) ?? '');
    const signature = `sha512=${createHmac('sha512', input?.key ?? '')
      .update(body)
      .digest('hex')}`;
    const headers = { ...input?.headers, 'X-Hub-Signature': signature };
    expect(await post('github', input?.key ?? '', headers, body)).toMatchObject({
      changes: [
        { ref: 'refs/tags/simple-tag', urls: expect.arrayContaining(['git@github.com:Codertocat/Hello-World.git']) },
      ],
    });
  });
});
