import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { bundleFunction, functionNames } from '../../infra/bundle-function.ts';
import { unzip } from '../lambda/runtime/unzip.ts';
import { testEnvironment } from '../parts/run.ts';
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

it.each([
  ['webhook', 450],
  ['events', 450],
  ['schedule', 450],
  ['api', 450],
  ['sync', 3000],
  ['release', 3000],
  ['check', 3000],
] as const)('the bundle of %s is below %i KB', async (name, most) => {
  const { files } = await bundleFunction(name);
  expect(files.reduce((sum, { data }) => sum + data.length, 0)).toBeLessThan(most * 1000);
});

it('a webhook is taken without loading a parser of YAML', async () => {
  const { metafile } = await bundleFunction('webhook');
  const loaded = new Set(['webhook.mjs']);
  for (const name of loaded) {
    const output = Object.entries(metafile.outputs).find(([path]) => path.endsWith(name))?.[1];
    for (const { path, kind } of output?.imports ?? []) {
      if (kind === 'import-statement') loaded.add(path.split('/').at(-1) ?? '');
    }
    expect(Object.keys(output?.inputs ?? {}).filter((path) => path.includes('node_modules/yaml/'))).toEqual([]);
  }
  expect(loaded.size).toBeGreaterThan(1);
});

it('npm run package leaves the zips and the template in .serverless, and refuses settings that do not fit', async () => {
  const root = join(import.meta.dirname, '../..');
  const directory = await mkdtemp(join(tmpdir(), 'sluice-package-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  const config = join(directory, 'sluice.yaml');
  const execute = promisify(execFile);
  const command = (...args: readonly string[]) =>
    execute(process.execPath, [join(root, 'infra/package.ts'), '--config', config, ...args], {
      cwd: root,
      env: testEnvironment,
    });
  await writeFile(config, JSON.stringify(document));
  expect((await command()).stdout).toBe('Packaged 7 functions into .serverless\n');
  const left = await readdir(join(root, '.serverless'));
  expect(left).toEqual(
    expect.arrayContaining([...functionNames.map((name) => `${name}.zip`), 'serverless-state.json']),
  );
  expect(left).toContain('cloudformation-template-update-stack.json');
  await expect(command('--stage', 'prod')).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining('webhooks[0].secret: Expected a name that begins with /sluice/prod/webhook/'),
  });
}, 120_000);
