import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { functionNames } from '../../infra/bundle-function.ts';
import { unzip } from '../lambda/runtime/unzip.ts';
import { packaged } from './packaged.ts';

const document = {
  version: 1,
  webhooks: [{ id: 'acme', sender: 'generic', secret: { ssm: '/sluice/dev/webhook/acme' } }],
};

it('two runs of the packaging give the same zips, with the settings in them', async () => {
  await using first = await packaged({ document });
  await using second = await packaged({ document });
  for (const name of functionNames) {
    const zips = await Promise.all([first, second].map(({ directory }) => readFile(join(directory, `${name}.zip`))));
    const [one, other] = zips.map((zip) => createHash('sha256').update(zip).digest('hex'));
    expect(other, name).toBe(one);
  }
  const task = join(first.directory, 'task');
  await unzip(join(first.directory, 'webhook.zip'), task);
  expect(JSON.parse(await readFile(join(task, 'sluice.json'), 'utf8'))).toEqual(document);
}, 120_000);
