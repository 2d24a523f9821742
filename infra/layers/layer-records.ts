import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { sha256Hex } from '../../lib/domain/digest.ts';

const LayerRecord = z.object({
  name: z.enum(['kubectl', 'git']),
  /** The digest of what it was made of. */
  ingredients: z.string(),
  /** Of the zip, 64 hexadecimal digits. */
  sha256: z.string(),
  unzippedBytes: z.number(),
});
/** One layer as the build left it. */
export type LayerRecord = z.infer<typeof LayerRecord>;

export type LayerName = LayerRecord['name'];

/** What was built into `directory`; empty if nothing was, or by a build that is no longer understood. */
export async function readRecords(directory: string): Promise<readonly LayerRecord[]> {
  try {
    return z.array(LayerRecord).parse(JSON.parse(await readFile(recordsOf(directory), 'utf8')));
  } catch {
    return [];
  }
}

/** Where the records of a directory are. */
export function recordsOf(directory: string): string {
  return join(directory, 'layers.json');
}

/** Where the zip of a layer is. */
export function zipOf(directory: string, name: LayerName): string {
  return join(directory, `${name}.zip`);
}

/** Whether the zip is the one that was built. */
export async function isWhole(directory: string, { name, sha256 }: LayerRecord): Promise<boolean> {
  const zip = await readFile(zipOf(directory, name)).catch(() => undefined);
  return zip !== undefined && sha256Hex(zip) === sha256;
}
