import { exampleOf } from '../webhooks/examples/examples.ts';
import { fieldAt } from '../webhooks/payload-fields.ts';
import type { Post } from './receiver.ts';

function shape(name: string, payload: (size: number) => unknown): (size: number) => Post {
  return (size) => bodyOf(name, JSON.stringify(payload(size)));
}

/** A delivery of an example that carries this text. */
function bodyOf(name: string, json: string): Post {
  const example = exampleOf(name);
  return {
    example: name,
    body: Buffer.from(example.encode?.(json.toWellFormed()) ?? json),
    headers: {},
    isSigned: true,
    method: 'POST',
  };
}

const [github, distribution, bitbucket] = [
  exampleOf('github').payload,
  exampleOf('distribution'),
  exampleOf('bitbucket'),
];
const commit = { id: 'a'.repeat(40), message: 'b', added: ['c'] };

/** Deliveries that grow. */
export const deliveryShapes: Readonly<Record<string, (size: number) => Post>> = {
  commits: shape('github', (size) => ({ ...github, commits: Array(Math.floor(size / 80)).fill(commit) })),
  'a long ref': shape('github', (size) => ({ ...github, ref: `refs/heads/${'a/'.repeat(size / 2)}` })),
  'a long address': shape('github', (size) => ({
    ...github,
    repository: {
      clone_url: `https://github.com/${'a/'.repeat(size / 2)}`,
      ssh_url: `git@a:${'../'.repeat(size / 3)}`,
    },
  })),
  'brackets that are not closed': (size) => bodyOf('github', '['.repeat(size)),
  'objects in objects': (size) => bodyOf('gitlab, plain token', `${'{"a":'.repeat(size / 5)}1${'}'.repeat(size / 5)}`),
  escapes: (size) => bodyOf('generic', `{"url":"${'\\u0041'.repeat(size / 6)}"}`),
  'fields of a form': (size) => ({
    ...bodyOf('github', '{}'),
    body: Buffer.from(`${'a=b&'.repeat(size / 4)}payload=%7B%7D`),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  }),
  'percent signs of a form': (size) => ({
    ...bodyOf('github', '{}'),
    body: Buffer.from(`payload=${'%7'.repeat(size / 2)}`),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  }),
  events: shape('distribution', (size) => ({ events: repeated(fieldAt(distribution.payload, 'events.0'), size) })),
  changes: shape('bitbucket', (size) => ({
    ...bitbucket.payload,
    push: { changes: repeated(fieldAt(bitbucket.payload, 'push.changes.0'), size) },
  })),
  'bytes that are no UTF-8': (size) => ({ ...bodyOf('github', '{}'), body: Buffer.alloc(size, 0xc3) }),
};

/** As many as make up so many bytes. */
function repeated(entry: unknown, size: number): readonly unknown[] {
  return Array(Math.floor(size / JSON.stringify(entry).length)).fill(entry);
}
