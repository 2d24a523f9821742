import { expect, it } from 'vitest';
import { parseImageRef } from '../../lib/domain/images/image-ref.ts';
import { markersIn, mayHoldMarkers, setMarkers } from '../../lib/edit/set-markers.ts';

const digest = `sha256:${'b'.repeat(64)}`;
const images = new Map([
  ['ns:app', parseImageRef('acme/app:1.30')],
  ['ns:pinned', parseImageRef(`acme/app:1.30@${digest}`)],
]);

function set(text: string): string {
  return setMarkers(text, 'a.yaml', images).text;
}

it.each([
  ['a: x:1 # {"$imagepolicy": "ns:app"}', 'a: acme/app:1.30 # {"$imagepolicy": "ns:app"}'],
  ['a: 1.2 # {"$imagepolicy":"ns:app:tag"}', 'a: "1.30" # {"$imagepolicy":"ns:app:tag"}'],
  ['a: \'1.2\' # {"$imagepolicy": "ns:app:tag"}', 'a: \'1.30\' # {"$imagepolicy": "ns:app:tag"}'],
  ['a: x # {"$imagepolicy": "ns:app:name"}', 'a: acme/app # {"$imagepolicy": "ns:app:name"}'],
  ['a: x # {"$imagepolicy": "ns:pinned:digest"}', `a: ${digest} # {"$imagepolicy": "ns:pinned:digest"}`],
  ['a: x # {"$imagepolicy": "ns:pinned"}', `a: acme/app:1.30@${digest} # {"$imagepolicy": "ns:pinned"}`],
  ['- x:1 # {"$imagepolicy": "ns:app"}\r\n', '- acme/app:1.30 # {"$imagepolicy": "ns:app"}\r\n'],
])('%j becomes %j', (text, expected) => {
  expect(set(text)).toBe(expected);
});

it.each([
  'a: x:1 # {"$imagepolicy": "other:app"}',
  'a: x:1 # {"$imagepolicy": "ns:app:other"}',
  'a: x:1 # {"$imagepolicy": "ns:app"} and more',
  'a: x:1 # see {"$imagepolicy": "ns:app"}',
  'a: x # {"$imagepolicy": "ns:app:digest"}',
  'a: acme/app:1.30 # {"$imagepolicy": "ns:app"}',
  'a: |\n  x:1 # {"$imagepolicy": "ns:app"}\n',
  'x:1 # {"$imagepolicy": "ns:app"}\n# {"$imagepolicy": "ns:app"}\nb: 1',
  '{{ not YAML }} %',
])('%j is left as it is', (text) => {
  const act = () => setMarkers(text, 'a.yaml', images);
  if (text.includes('\nb: 1')) expect(act).toThrow(/^Cannot read "a.yaml"/);
  else expect(act()).toEqual({ text, changes: [] });
});

it('markers are found without reading the file', () => {
  const text = '{{ a }}: # {"$imagepolicy": "ns:app:tag"}\nb # {"$imagepolicy" : "flux-system:web"}';
  expect([...markersIn(text)]).toEqual(['ns:app', 'flux-system:web']);
  expect(
    ['a.yaml', 'b/c.yml', 'Kustomization', 'x/Kustomization', 'a.json', 'aKustomization'].map(mayHoldMarkers),
  ).toEqual([true, true, true, true, false, false]);
});
