import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openPromise } from 'yauzl';

export async function unzip(file: string, directory: string): Promise<void> {
  const zip = await openPromise(file, { autoClose: false, lazyEntries: true });
  try {
    for await (const entry of zip.eachEntry()) {
      const path = join(directory, entry.fileName);
      await mkdir(dirname(path), { recursive: true });
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(path));
    }
  } finally {
    zip.close();
  }
}
