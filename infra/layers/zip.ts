import { crc32, deflateRawSync } from 'node:zlib';

export interface ZipEntry {
  /** Relative, with slashes. */
  readonly path: string;
  readonly executable: boolean;
  readonly data: Buffer;
}

// APPNOTE.TXT 4.4.2, 4.4.4, 4.4.6: what is needed to read it is 2.0, names are UTF-8, and every file is of 1 January 1980.
const version = 20;
const utf8 = 0x0800;
const date = 0x0021;
const deflated = 8;
const madeOnUnix = 3 << 8;

/** A zip of the files: the same bytes for the same files in any order, because it holds no time, owner or umask. */
export function createZip(entries: readonly ZipEntry[]): Buffer {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of [...entries].sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const name = Buffer.from(entry.path);
    const data = deflateRawSync(entry.data, { level: 9 });
    const facts = describe(entry.data, data, name);
    const header = concat(u32(0x04034b50), facts, name);
    directory.push(concat(u32(0x02014b50), u16(madeOnUnix | version), facts, place(entry, offset), name));
    files.push(header, data);
    offset += header.length + data.length;
  }
  const index = Buffer.concat(directory);
  const count = u16(entries.length);
  const end = concat(u32(0x06054b50), u16(0), u16(0), count, count, u32(index.length), u32(offset), u16(0));
  return Buffer.concat([...files, index, end]);
}

/** What the local header and the central directory both say (4.3.7, 4.3.12). */
function describe(content: Buffer, data: Buffer, name: Buffer): Buffer {
  return concat(
    u16(version),
    u16(utf8),
    u16(deflated),
    u16(0),
    u16(date),
    u32(crc32(content)),
    u32(data.length),
    u32(content.length),
    u16(name.length),
    u16(0),
  );
}

/** What only the central directory says: no comment, the first disk, the mode of a regular file, and where the file begins. */
function place(entry: ZipEntry, offset: number): Buffer {
  const mode = entry.executable ? 0o100755 : 0o100644;
  return concat(u16(0), u16(0), u16(0), u32(mode * 0x10000), u32(offset));
}

function concat(...parts: readonly Buffer[]): Buffer {
  return Buffer.concat(parts);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
