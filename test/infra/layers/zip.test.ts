import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fromBufferPromise } from 'yauzl';
import { createZip, type ZipEntry } from '../../../infra/layers/zip.ts';
import { describePrograms } from '../../parts/programs.ts';
import { run } from '../../parts/run.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-zip-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const entries: readonly ZipEntry[] = [
  { path: 'b/empty', executable: false, data: Buffer.alloc(0) },
  { path: 'b/große Datei', executable: false, data: Buffer.alloc(300_000, 'text ') },
  { path: 'a/program', executable: true, data: Buffer.from('#!/bin/sh\necho it runs\n') },
];

describePrograms(['unzip'], "Info-ZIP's unzip", () => {
  it('finds the files whole, with their modes', async () => {
    const zip = join(folder, 'files.zip');
    await writeFile(zip, createZip(entries));
    await run('unzip', ['-q', zip, '-d', folder]);
    for (const { path, data } of entries) expect(await readFile(join(folder, path))).toEqual(data);
    expect(await run(join(folder, 'a/program'), [])).toBe('it runs');
    expect((await stat(join(folder, 'b/empty'))).mode & 0o777).toBe(0o644);
  });
});

it('the order of the files changes no byte', () => {
  expect(createZip(entries.toReversed())).toEqual(createZip(entries));
});

it('what is zipped is what is read', async () => {
  const file = fc.record({ executable: fc.boolean(), bytes: fc.uint8Array({ maxLength: 2000 }) });
  const files = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}(\/[a-z0-9]{1,8})?$/), file);
  await fc.assert(
    fc.asyncProperty(files, async (given) => {
      const zipped = Object.entries(given).map(([path, { executable, bytes }]) => ({
        path: `in/${path}`,
        executable,
        data: Buffer.from(bytes),
      }));
      expect(await readZip(createZip(zipped))).toEqual(zipped.toSorted((a, b) => (a.path < b.path ? -1 : 1)));
    }),
    { numRuns: 50 },
  );
});

async function readZip(bytes: Buffer): Promise<ZipEntry[]> {
  const zip = await fromBufferPromise(bytes, { lazyEntries: true });
  const found: ZipEntry[] = [];
  for await (const entry of zip.eachEntry()) {
    const data = await buffer(await zip.openReadStreamPromise(entry));
    found.push({ path: entry.fileName, executable: entry.externalFileAttributes >>> 16 === 0o100755, data });
  }
  return found;
}
