import { Failure } from '../../lib/domain/failure.ts';
import { readElf } from './elf.ts';
import type { ZipEntry } from './zip.ts';

/** The C library of Amazon Linux 2023, on which nodejs24.x runs, is 2.34. */
const newestMinor = 34;

/** Throws a Failure that names the first file that Amazon Linux 2023 would not start. */
export function checkGlibc(entries: readonly ZipEntry[]): void {
  for (const { path, data } of entries) {
    const newer = readElf(data)?.versions.find(isTooNew);
    if (newer === undefined) continue;
    throw new Failure(
      'server',
      `Cannot put "${path}" into the layer: it needs ${newer}, and a function has GLIBC_2.34`,
    );
  }
}

/** `GLIBC_2.36`, and what has no number: `GLIBC_ABI_DT_RELR` is newer, and `GLIBC_PRIVATE` is for one build of the library. */
function isTooNew(version: string): boolean {
  if (!version.startsWith('GLIBC_')) return false;
  const [, minor] = /^GLIBC_2\.(\d+)(?:\.\d+)?$/.exec(version) ?? [];
  return minor === undefined || Number(minor) > newestMinor;
}
