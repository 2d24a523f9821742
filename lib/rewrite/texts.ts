import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../domain/failure.ts';
import { nameIn, resolveInside } from '../render/checkout-path.ts';
import { readBounded } from '../render/read-bounded.ts';

/** The texts of a checkout, and those that are to stand there instead. */
export interface Texts {
  /** The text of a file as it is to be; of a link that of the file it leads to. Throws a `user` Failure for what is no text. */
  read(path: string): string;
  set(path: string, text: string): void;
  /** A file that may not be there yet. */
  readOrEmpty(path: string): string;
  /** Writes what was set into the checkout, for those who read there. */
  write(): Promise<void>;
  /** As `set`, for what was written by somebody else. */
  take(path: string): void;
  /** What is to be other than in the commit, by path. */
  readonly changed: ReadonlyMap<string, string>;
  /** Does it wholly or not at all. */
  attempt(edit: () => Promise<void>): Promise<void>;
  /** Back to the commit. */
  reset(): Promise<void>;
}

/** `root` is absolute, without links. */
export function createTexts(root: string): Texts {
  /** Of every file that was looked at: undefined where there was none. */
  const original = new Map<string, string | undefined>();
  const current = new Map<string, string>();
  const onDisk = new Map<string, string>();

  function real(path: string): string {
    return nameIn(root, resolveInside(root, path));
  }

  function load(name: string): string {
    const bytes = readBounded(join(root, name), name);
    const text = bytes.toString('utf8');
    if (Buffer.from(text).equals(bytes)) return text;
    throw new Failure('user', `Cannot edit "${name}": it is not UTF-8`, { code: 'NotEdited' });
  }

  function read(path: string): string {
    const name = current.has(path) ? path : real(path);
    const known = current.get(name);
    if (known !== undefined) return known;
    const text = load(name);
    original.set(name, text);
    current.set(name, text);
    return text;
  }

  function isThere(path: string): boolean {
    try {
      return resolveInside(root, path) !== '';
    } catch (error) {
      if (error instanceof Failure && error.code === 'NotFound') return false;
      throw error;
    }
  }

  function changed(): ReadonlyMap<string, string> {
    return new Map([...current].filter(([name, text]) => original.get(name) !== text));
  }

  async function write(): Promise<void> {
    for (const [name, text] of current) {
      if ((onDisk.get(name) ?? original.get(name)) === text) continue;
      await writeFile(join(root, name), text);
      onDisk.set(name, text);
    }
  }

  /** As it was before, or as in the commit. */
  async function restore(before: ReadonlyMap<string, string>): Promise<void> {
    for (const name of [...current.keys()]) {
      const text = before.get(name) ?? original.get(name);
      if (text !== undefined) current.set(name, text);
      else {
        current.delete(name);
        onDisk.delete(name);
        await rm(join(root, name), { force: true });
      }
    }
  }

  return {
    read,
    readOrEmpty(path) {
      if (current.has(path) || isThere(path)) return read(path);
      original.set(path, undefined);
      return '';
    },
    set(path, text) {
      current.set(current.has(path) || !isThere(path) ? path : real(path), text);
    },
    write,
    take(path) {
      const text = load(path);
      if (!original.has(path)) original.set(path, undefined);
      current.set(path, text);
      onDisk.set(path, text);
    },
    get changed() {
      return changed();
    },
    async attempt(edit) {
      const before = new Map(current);
      try {
        await edit();
      } catch (error) {
        await restore(before);
        throw error;
      }
    },
    async reset() {
      await restore(new Map());
      await write();
    },
  };
}
