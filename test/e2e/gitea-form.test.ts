import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Serve, startServe } from './serve.ts';

/**
 * A request as the webhook of a Gitea in form mode puts it on the wire, byte for byte: Go's order of headers, indented JSON with Go's escapes,
 * the look-alike headers of GitHub's and Gogs', a signature over the JSON and not over the form.
 */
const request = readFileSync(join(import.meta.dirname, '../fixtures/gitea-form.http'), 'latin1');
const secret = '71295b197fa25f4356d2fb9965df3f2379d903d7';
let serve: Serve;

beforeAll(async () => {
  serve = await startServe({
    settings: {
      webhooks: [
        { id: 'tea', sender: 'gitea', secret: { file: 'secret' } },
        { id: 'gogs', sender: 'gogs', secret: { file: 'secret' } },
        { id: 'hub', sender: 'github', secret: { file: 'secret' } },
      ],
      targets: [
        {
          name: 'shop',
          source: { url: 'https://git.acme.example/shop/deploy', branch: 'master' },
          cluster: { kubeconfig: { env: 'KUBECONFIG' } },
          suspend: true,
        },
      ],
    },
    secrets: { secret },
  });
});
afterAll(() => serve[Symbol.asyncDispose]());

/** What comes back for these bytes. The connection is kept, as Gitea asks for. */
async function send(bytes: string): Promise<string> {
  const socket = connect(Number(new URL(serve.url).port), '127.0.0.1');
  socket.write(Buffer.from(bytes, 'latin1'));
  let answer = '';
  for await (const chunk of socket.setEncoding('latin1') as AsyncIterable<string>) {
    answer += chunk;
    const [head = '', length = '0'] = /^.*?content-length: (\d+).*?\r\n\r\n/s.exec(answer) ?? [];
    if (head !== '' && answer.length >= head.length + Number(length)) break;
  }
  return answer;
}

it('is taken', async () => {
  const answer = await send(request);
  expect(answer).toMatch(/^HTTP\/1\.1 202 /);
  const [, run = ''] = /"runs":\["(\w+)"\]/.exec(answer) ?? [];
  expect(await serve.run(run)).toMatchObject({ target: 'shop', cause: { kind: 'push', by: 'tea' } });
});

it.each([
  ['another commit', request.replace('4522cbcefc20', '4522cbcefc21')],
  ['white space within the JSON that means the same', request.replace('%7B%0A', '%7B%0D')],
  [
    'another signature of its own',
    request.replace(/(?<=X-Gitea-Signature: )\w/, (digit) => (digit === '0' ? '1' : '0')),
  ],
  ['no signature of its own', request.replace('X-Gitea-Signature', 'X-Other-Signature')],
])('is refused with %s', async (_what, changed) => {
  expect(changed).not.toBe(request);
  expect(await send(changed)).toMatch(/^HTTP\/1\.1 401 /);
});

it('counts in any encoding of the same JSON, and only where it is sent to', async () => {
  const encoded = request.replaceAll('+', '%20');
  const length = encoded.length - encoded.indexOf('\r\n\r\n') - 4;
  expect(await send(encoded.replace(/(?<=Content-Length: )\d+/, `${length}`))).toMatch(/^HTTP\/1\.1 202 /);
  // Gogs signs alike. GitHub signs the form, which nobody did here, whatever its header says.
  expect(await send(request.replace('/webhooks/tea', '/webhooks/gogs'))).toMatch(/^HTTP\/1\.1 202 /);
  expect(await send(request.replace('/webhooks/tea', '/webhooks/hub'))).toMatch(/^HTTP\/1\.1 401 /);
});
