import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';

import type { Item } from '../app/ports.ts';
import { Failure } from '../domain/failure.ts';

const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** Below this, compression saves nothing that the store counts. */
const plainBytes = 1024;
/** DynamoDB takes 400 KB with keys and attribute names (DESIGN §5.5). */
const maximumBytes = 300 * 1024;
const maximumJsonBytes = 64 * 1024 * 1024;

/**
 * The stored form of an item's body, the same in every store: JSON in UTF-8, or gzip of it. The first byte tells: gzip begins with 0x1f,
 * which no JSON text does. Throws a `server` Failure that names the item if the body is over 300 KB.
 */
export async function encodeBody(item: Item): Promise<Uint8Array> {
  assertItem(item);
  const json = JSON.stringify(item.body);
  if (json === undefined) throw new TypeError('The body of an item must be a JSON value');
  const plain = Buffer.from(json);
  if (plain.length <= plainBytes) return plain;
  if (plain.length > maximumJsonBytes) throw tooLarge(item, plain.length, maximumJsonBytes, 'uncompressed');
  const compressed = await compress(plain);
  if (compressed.length > maximumBytes) throw tooLarge(item, compressed.length, maximumBytes, 'compressed');
  return compressed;
}

/** A breach is a programming error. */
function assertItem(item: Item): void {
  if (item.partition === '' || item.sort === '') throw new TypeError('The key of an item must not be empty');
  if (!Number.isSafeInteger(item.order)) throw new TypeError('The order of an item must be a whole number up to 2^53');
  if (item.expiresAt !== undefined && !Number.isSafeInteger(item.expiresAt)) {
    throw new TypeError('The expiry of an item must be whole epoch seconds');
  }
}

export async function decodeBody(stored: Uint8Array): Promise<unknown> {
  const plain = stored[0] === 0x1f ? await decompress(stored, { maxOutputLength: maximumJsonBytes }) : stored;
  return JSON.parse(Buffer.from(plain.buffer, plain.byteOffset, plain.byteLength).toString());
}

function tooLarge(item: Item, found: number, allowed: number, form: string): Failure {
  const state = `its body is ${Math.ceil(found / 1024)} KB ${form}, ${allowed / 1024} KB are allowed`;
  return new Failure('server', `Cannot store item "${item.partition}" "${item.sort}": ${state}`, {
    help: 'Whatever records this must split or shorten it; please report it',
  });
}
