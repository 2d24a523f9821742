import { spawnSync } from 'node:child_process';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A disk that can be full. */
export interface SmallDisk extends Disposable {
  fill(): Promise<void>;
  free(): Promise<void>;
}

const size = '96m';
const block = Buffer.alloc(64 * 1024);

/** Mounts a small tmpfs at the directory; undefined where this user may not. */
export function mountSmallDisk(directory: string): SmallDisk | undefined {
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0700`, 'tmpfs', directory]);
  if (mounted.status !== 0) return undefined;
  const filler = join(directory, 'filler');

  function unmount(): void {
    process.off('exit', unmount);
    spawnSync('umount', ['--lazy', directory]);
  }
  process.on('exit', unmount);

  return {
    async fill() {
      await using file = await open(filler, 'w');
      try {
        for (let length = block.length; length > 0; ) {
          const { bytesWritten } = await file.write(block, 0, length);
          if (bytesWritten < length) length = bytesWritten;
        }
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    },
    free: () => rm(filler, { force: true }),
    [Symbol.dispose]: unmount,
  };
}
