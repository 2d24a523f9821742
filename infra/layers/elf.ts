/** What the dynamic linker reads of a program or library (elf(5), and "Symbol Versioning" of the Linux Standard Base). */
export interface Elf {
  /** The libraries that it needs, by their names. */
  readonly needed: readonly string[];
  /** Where it looks for them first (DT_RPATH). */
  readonly rpath: string | undefined;
  /** The versions of symbols that it needs, such as `GLIBC_2.34`, sorted. */
  readonly versions: readonly string[];
}

const magic = Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1]);
const segments = { load: 1, dynamic: 2 } as const;
const tags = { needed: 1, strings: 5, rpath: 15, versionsNeeded: 0x6ffffffe, versionsCount: 0x6fffffff } as const;

/** Reads a 64-bit little-endian ELF file; undefined for any other, and for one that is linked statically. */
export function readElf(file: Buffer): Elf | undefined {
  if (!file.subarray(0, magic.length).equals(magic)) return undefined;
  const dynamic = readDynamic(file);
  const [strings] = dynamic.get(tags.strings) ?? [];
  if (strings === undefined) return undefined;
  const table = offsetOf(file, strings);
  const [rpath] = dynamic.get(tags.rpath) ?? [];
  return {
    needed: (dynamic.get(tags.needed) ?? []).map((at) => textAt(file, table + at)),
    rpath: rpath === undefined ? undefined : textAt(file, table + rpath),
    versions: readVersions(file, table, dynamic),
  };
}

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly size: number;
}

function readSegments(file: Buffer): Segment[] {
  const start = number64(file, 0x20);
  const size = file.readUInt16LE(0x36);
  return Array.from({ length: file.readUInt16LE(0x38) }, (_, index) => {
    const at = start + index * size;
    return {
      type: file.readUInt32LE(at),
      offset: number64(file, at + 8),
      address: number64(file, at + 16),
      size: number64(file, at + 32),
    };
  });
}

/** The values of each tag, in their order. */
function readDynamic(file: Buffer): ReadonlyMap<number, readonly number[]> {
  const values = new Map<number, number[]>();
  const segment = readSegments(file).find(({ type }) => type === segments.dynamic);
  if (segment === undefined) return values;
  for (let at = segment.offset; at < segment.offset + segment.size; at += 16) {
    const tag = number64(file, at);
    values.set(tag, [...(values.get(tag) ?? []), number64(file, at + 8)]);
  }
  return values;
}

function readVersions(file: Buffer, table: number, dynamic: ReadonlyMap<number, readonly number[]>): string[] {
  const [first] = dynamic.get(tags.versionsNeeded) ?? [];
  const [count = 0] = dynamic.get(tags.versionsCount) ?? [];
  const versions = new Set<string>();
  let library = first === undefined ? 0 : offsetOf(file, first);
  for (let left = count; left > 0; left--) {
    let version = library + file.readUInt32LE(library + 8);
    for (let more = file.readUInt16LE(library + 2); more > 0; more--) {
      versions.add(textAt(file, table + file.readUInt32LE(version + 8)));
      version += file.readUInt32LE(version + 12);
    }
    library += file.readUInt32LE(library + 12);
  }
  return [...versions].sort();
}

/** Where in the file the address of the loaded program is. */
function offsetOf(file: Buffer, address: number): number {
  const segment = readSegments(file).find(
    ({ type, address: start, size }) => type === segments.load && address >= start && address < start + size,
  );
  if (segment === undefined) throw new RangeError(`No segment holds the address ${address}`);
  return segment.offset + address - segment.address;
}

function textAt(file: Buffer, at: number): string {
  return file.toString('latin1', at, file.indexOf(0, at));
}

function number64(file: Buffer, at: number): number {
  return Number(file.readBigUInt64LE(at));
}
