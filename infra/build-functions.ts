import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleFunction, type FunctionName, functionNames } from './bundle-function.ts';
import { createZip } from './layers/zip.ts';

/**
 * Writes `<name>.zip` of each function into `directory`; `document` is the parsed sluice.yaml that travels with them,
 * if one does. The same sources make the same bytes.
 */
export async function buildFunctions(directory: string, document: unknown): Promise<void> {
  await Promise.all(
    functionNames.map(async (name) => writeFile(join(directory, `${name}.zip`), await zipFunction(name, document))),
  );
}

async function zipFunction(name: FunctionName, document: unknown): Promise<Buffer> {
  const { files } = await bundleFunction(name);
  const settings = document === undefined ? [] : [{ path: 'sluice.json', data: Buffer.from(JSON.stringify(document)) }];
  return createZip([...files, ...settings].map((file) => ({ ...file, executable: false })));
}
