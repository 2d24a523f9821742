import { createHmac, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';

/**
 * The hook that makes a bare repository behave as GitHub: for each ref that was pushed a push webhook, signed over its very bytes.
 * Arguments: the address of the webhook, the address of the repository, the file that holds the secret.
 */
const [, , webhook = '', repository = '', secretFile = ''] = process.argv;
const secret = readFileSync(secretFile, 'utf8').trim();

for (const line of (await text(process.stdin)).split('\n').filter((entry) => entry !== '')) {
  const [before, after, ref] = line.split(' ');
  const body = JSON.stringify({ ref, before, after, repository: { clone_url: repository, ssh_url: repository } });
  const response = await fetch(webhook, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      'x-github-event': 'push',
      'x-github-delivery': randomUUID(),
      'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
    },
  });
  process.stdout.write(`webhook for ${ref}: ${response.status} ${response.statusText}\n`);
}
