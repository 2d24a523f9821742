import { sha256Hex } from '../../domain/digest.ts';
import type { ObjectResult } from '../../domain/jobs/run.ts';
import type { Store } from '../ports.ts';
import { chunkLength } from './chunks.ts';

/** What a run's own item says of its objects: the first of them, and where the others are. */
export interface StoredObjects {
  readonly first: readonly ObjectResult[];
  readonly more?: { readonly name: string; readonly chunks: number };
}

/** A run of 5,000 objects that all fail is recorded with its numbers and the first thousand (DESIGN §5.2). */
const mostObjects = 1000;
const longestText = 500;
const firstLength = 16_000;
const mostFirst = 100;

/** `text`, or its beginning. */
export function shorten(text: string, length: number = longestText): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

/**
 * Stores the objects of a run, all but the first ones in items of their own: written before the run that refers to them, under a name
 * that is their content's, so that a crash between the two leaves nothing half-recorded.
 */
export async function storeObjects(
  store: Store,
  run: string,
  objects: readonly ObjectResult[],
  expiresAt: number,
): Promise<StoredObjects> {
  const bounded = objects.slice(0, mostObjects).map(shortenTexts);
  const [first = [], ...chunks] = chunked(bounded);
  if (chunks.length === 0) return { first };
  const name = sha256Hex(JSON.stringify(bounded)).slice(0, 16);
  await Promise.all(
    chunks.map((body, index) =>
      store.put({ partition: partitionOf(run), sort: sortOf(name, index), order: index, body, expiresAt }),
    ),
  );
  return { first, more: { name, chunks: chunks.length } };
}

/** All objects of a run, failures first. */
export async function loadObjects(store: Store, run: string, stored: StoredObjects): Promise<readonly ObjectResult[]> {
  const { first, more } = stored;
  if (more === undefined) return first;
  const chunks = await Promise.all(
    Array.from({ length: more.chunks }, (_, index) => store.get(partitionOf(run), sortOf(more.name, index))),
  );
  return [...first, ...chunks.flatMap((chunk) => (chunk?.body as readonly ObjectResult[] | undefined) ?? [])];
}

function shortenTexts({ error, warning, ...object }: ObjectResult): ObjectResult {
  return {
    ...object,
    ...(error !== undefined && { error: shorten(error) }),
    ...(warning !== undefined && { warning: shorten(warning) }),
  };
}

/** The first chunk is smaller: a page of runs has it of each. */
function chunked(objects: readonly ObjectResult[]): readonly ObjectResult[][] {
  let last: ObjectResult[] = [];
  let length = 0;
  const chunks = [last];
  for (const object of objects) {
    const own = JSON.stringify(object).length;
    const isFirst = chunks.length === 1;
    if (length + own > (isFirst ? firstLength : chunkLength) || (isFirst && last.length === mostFirst)) {
      last = [];
      length = 0;
      chunks.push(last);
    }
    last.push(object);
    length += own;
  }
  return chunks;
}

function partitionOf(run: string): string {
  return `run/${run}`;
}

function sortOf(name: string, index: number): string {
  return `objects/${name}/${index}`;
}
