import { expect, it } from 'vitest';
import { parseWorkloadId } from '../../lib/domain/release/workload-id.ts';
import { setAnnotations } from '../../lib/edit/set-annotations.ts';

const on = { 'fluxcd.io/automated': 'true' };
const off = { 'fluxcd.io/automated': undefined };

function edit(metadata: string, changes: Record<string, string | undefined>): string {
  const head = 'apiVersion: apps/v1\nkind: Deployment\n'.replaceAll('\n', metadata.includes('\r\n') ? '\r\n' : '\n');
  const text = head + metadata;
  const place = { workload: parseWorkloadId('default:deployment/web') };
  const edited = setAnnotations(text, 'a.yaml', place, new Map(Object.entries(changes)));
  expect(edited.startsWith(head)).toBe(true);
  return edited.slice(head.length);
}

it.each([
  [
    'no annotations',
    'metadata:\n  name: web # x\nspec: {}\n',
    on,
    "metadata:\n  name: web # x\n  annotations:\n    fluxcd.io/automated: 'true'\nspec: {}\n",
  ],
  [
    'four columns',
    'metadata:\n    name: web\n',
    on,
    "metadata:\n    name: web\n    annotations:\n        fluxcd.io/automated: 'true'\n",
  ],
  [
    'no final line end',
    'metadata:\n  name: web',
    on,
    "metadata:\n  name: web\n  annotations:\n    fluxcd.io/automated: 'true'",
  ],
  [
    'CRLF',
    'metadata:\r\n  name: web\r\n',
    on,
    "metadata:\r\n  name: web\r\n  annotations:\r\n    fluxcd.io/automated: 'true'\r\n",
  ],
  [
    'behind the last',
    'metadata:\n  annotations:\n    # why\n    a: b # c\n    # end\n  name: web\n',
    on,
    "metadata:\n  annotations:\n    # why\n    a: b # c\n    fluxcd.io/automated: 'true'\n    # end\n  name: web\n",
  ],
  [
    'behind a block',
    'metadata:\n  name: web\n  annotations:\n    a: |\n      one\n      two\n\nspec: {}\n',
    on,
    "metadata:\n  name: web\n  annotations:\n    a: |\n      one\n      two\n    fluxcd.io/automated: 'true'\n\nspec: {}\n",
  ],
  [
    'in braces',
    'metadata: {name: web, annotations: {a: b}}\n',
    on,
    "metadata: {name: web, annotations: {a: b, fluxcd.io/automated: 'true'}}\n",
  ],
  [
    'braces without annotations',
    'metadata: {name: web}\n',
    on,
    "metadata: {name: web, annotations: {fluxcd.io/automated: 'true'}}\n",
  ],
  [
    'JSON',
    'metadata: {"name": "web", "annotations": {"a": "b"}}\n',
    on,
    'metadata: {"name": "web", "annotations": {"a": "b", "fluxcd.io/automated": "true"}}\n',
  ],
  [
    'empty braces',
    'metadata:\n  name: web\n  annotations: {}\n',
    on,
    "metadata:\n  name: web\n  annotations: {fluxcd.io/automated: 'true'}\n",
  ],
  [
    'nothing behind the key',
    'metadata:\n  annotations: # none\n  name: web\n',
    on,
    "metadata:\n  annotations: # none\n    fluxcd.io/automated: 'true'\n  name: web\n",
  ],
  [
    'a value is changed in place',
    'metadata:\n  name: web\n  annotations:\n    fluxcd.io/automated: "false" # x\n    a: b\n',
    on,
    'metadata:\n  name: web\n  annotations:\n    fluxcd.io/automated: "true" # x\n    a: b\n',
  ],
  [
    'a value without quotes gets them',
    'metadata:\n  name: web\n  annotations:\n    fluxcd.io/automated: true\n',
    on,
    "metadata:\n  name: web\n  annotations:\n    fluxcd.io/automated: 'true'\n",
  ],
  [
    'a block is replaced',
    'metadata:\n  name: web\n  annotations:\n    fluxcd.io/locked_msg: |-\n      a\n      b\n    z: y\n',
    { 'fluxcd.io/locked_msg': 'c\nd' },
    'metadata:\n  name: web\n  annotations:\n    fluxcd.io/locked_msg: "c\\nd"\n    z: y\n',
  ],
  [
    'the last one goes with its map',
    'metadata:\n  annotations:\n    fluxcd.io/automated: "true"\n  name: web\n',
    off,
    'metadata:\n  name: web\n',
  ],
  [
    'comments above stay',
    'metadata:\n  name: web\n  annotations:\n    a: b\n    # why\n    fluxcd.io/automated: "true" # x\n    c: d\n',
    off,
    'metadata:\n  name: web\n  annotations:\n    a: b\n    # why\n    c: d\n',
  ],
  [
    'at an open end',
    'metadata:\n  name: web\n  annotations:\n    a: b\n    fluxcd.io/automated: "true"',
    off,
    'metadata:\n  name: web\n  annotations:\n    a: b',
  ],
  [
    'the last two at an open end',
    'metadata:\n  name: web\n  annotations:\n    a: b\n    x: "1"\n    fluxcd.io/automated: "true"',
    { ...off, x: undefined },
    'metadata:\n  name: web\n  annotations:\n    a: b',
  ],
  [
    'out of braces',
    'metadata: {name: web, annotations: {fluxcd.io/automated: "true", a: b}}\n',
    off,
    'metadata: {name: web, annotations: {a: b}}\n',
  ],
  [
    'the last in braces',
    'metadata: {name: web, annotations: {fluxcd.io/automated: "true"}}\n',
    off,
    'metadata: {name: web}\n',
  ],
  [
    'a key twice goes twice',
    'metadata:\n  name: web\n  annotations:\n    fluxcd.io/automated: "true"\n    a: b\n    fluxcd.io/automated: "true"\n',
    off,
    'metadata:\n  name: web\n  annotations:\n    a: b\n',
  ],
  [
    'one out, one in',
    'metadata:\n  name: web\n  annotations:\n    fluxcd.io/automated: "true"\n',
    { ...off, 'fluxcd.io/locked': 'true' },
    "metadata:\n  name: web\n  annotations:\n    fluxcd.io/locked: 'true'\n",
  ],
  [
    'what is so already',
    'metadata:\n  name: web\n  annotations: {fluxcd.io/automated: "true"}\n',
    on,
    'metadata:\n  name: web\n  annotations: {fluxcd.io/automated: "true"}\n',
  ],
  [
    'values with =',
    'metadata:\n  name: web\n  annotations:\n    a: b\n',
    { 'fluxcd.io/tag.app': 'semver:>=1.0 <2' },
    'metadata:\n  name: web\n  annotations:\n    a: b\n    fluxcd.io/tag.app: semver:>=1.0 <2\n',
  ],
])('%s', (_, metadata, changes, expected) => {
  expect(edit(metadata, changes)).toBe(expected);
});

it.each([
  [
    'metadata:\n  name: web\n  annotations: &a {a: b}\nx: *a\n',
    'metadata.annotations: a change would also change something else',
  ],
  ['metadata:\n  name: web\n  annotations: ~\n', 'metadata.annotations: it is not written as a map'],
])('%j is refused with the reason', (metadata, reason) => {
  expect(() => edit(metadata, on)).toThrow(`Cannot edit "a.yaml": ${reason}`);
});

it('an object that is not there is missing', () => {
  expect(() => edit('metadata: {name: other}', on)).toThrow(expect.objectContaining({ fault: 'missing' }));
});
