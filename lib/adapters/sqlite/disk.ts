import { closeSync, fsync, openSync } from 'node:fs';
import { promisify } from 'node:util';

const flush = promisify(fsync);

/** A file whose writes are waited for beside the event loop. */
export interface Disk {
  /** Resolves when everything that was written before the call is on disk. Who calls while one flush is under way shares the next. */
  flushed(): Promise<void>;
  close(): void;
}

export function openDisk(path: string): Disk {
  const file = openSync(path, 'r');
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  async function flushNext(): Promise<void> {
    // A failure concerns those who waited for it.
    await running?.catch(() => undefined);
    running = next;
    next = undefined;
    await flush(file);
  }

  return {
    flushed() {
      next ??= flushNext();
      return next;
    },
    close: () => closeSync(file),
  };
}
