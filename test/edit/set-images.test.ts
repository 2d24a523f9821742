import { expect, it } from 'vitest';
import { parseImageRef } from '../../lib/domain/images/image-ref.ts';
import { parseWorkloadId } from '../../lib/domain/release/workload-id.ts';
import { replaceImage, setImages } from '../../lib/edit/set-images.ts';

const head = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n';
const place = { workload: parseWorkloadId('default:deployment/web') };

function setImage(text: string, image = 'acme/app:1.30', container = 'app'): string {
  return setImages(text, 'a.yaml', place, new Map([[container, parseImageRef(image)]]));
}

it.each([
  [
    'plain',
    '      containers:\n      - name: app\n        image: acme/app:1.0 # why\n',
    ['acme/app:1.0', 'acme/app:1.30'],
  ],
  [
    'CRLF',
    '      containers:\r\n      - name: app\r\n        image: acme/app:1.0\r\n',
    ['acme/app:1.0', 'acme/app:1.30'],
  ],
  ['in braces', '      containers: [{name: app, image: acme/app:1.0}]\n', ['acme/app:1.0', 'acme/app:1.30']],
  ['quoted', '      containers:\n      - {name: app, image: "acme/app:1.0"}\n', ['acme/app:1.0', 'acme/app:1.30']],
  [
    'with a tag',
    '      containers:\n      - name: app\n        image: !!str acme/app:1.0\n',
    ['acme/app:1.0', 'acme/app:1.30'],
  ],
  [
    'folded',
    '      containers:\n      - name: app\n        image:\n          acme/app:1.0\n',
    ['acme/app:1.0', 'acme/app:1.30'],
  ],
  [
    'an anchor nobody uses',
    '      containers:\n      - name: app\n        image: &i acme/app:1.0\n',
    ['acme/app:1.0', 'acme/app:1.30'],
  ],
  [
    'an alias gives way',
    '      x: &i acme/app:1.0\n      containers:\n      - name: app\n        image: *i\n',
    ['image: *i', 'image: acme/app:1.30'],
  ],
  [
    'a key twice: the last one',
    '      containers:\n      - name: app\n        image: a:0\n        image: acme/app:1.0\n',
    ['acme/app:1.0', 'acme/app:1.30'],
  ],
  [
    'no final line end',
    '      containers:\n      - name: app\n        image: acme/app:1.0',
    ['acme/app:1.0', 'acme/app:1.30'],
  ],
  ['a byte order mark', '\ufeff', ['', '']],
])('%s: only the bytes of the value change', (_, body, [old = '', changed = '']) => {
  const text = body === '\ufeff' ? `${body}${head}      containers: [{name: app, image: acme/app:1.0}]` : head + body;
  const expected = body === '\ufeff' ? text.replace('1.0', '1.30') : text.replace(old, changed);
  expect(setImage(text)).toBe(expected);
});

it('two containers that share an image through an anchor are changed at the anchor if both are meant', () => {
  const text = `${head}      containers:\n      - {name: app, image: &i acme/app:1.0}\n      - {name: side, image: *i}\n`;
  const image = parseImageRef('acme/app:2');
  expect(
    setImages(
      text,
      'a.yaml',
      place,
      new Map([
        ['app', image],
        ['side', image],
      ]),
    ),
  ).toBe(text.replace('1.0', '2'));
  expect(setImage(text, 'acme/app:2', 'side')).toBe(text.replace('*i', 'acme/app:2'));
  // The anchor moves to who keeps the value, as with the editor of Flux v1.
  expect(setImage(text, 'acme/app:2', 'app')).toBe(
    text.replace('&i acme/app:1.0', 'acme/app:2').replace('*i', '&i acme/app:1.0'),
  );
  const different = new Map([
    ['app', image],
    ['side', parseImageRef('acme/app:3')],
  ]);
  expect(setImages(text, 'a.yaml', place, different)).toBe(
    text.replace('acme/app:1.0', 'acme/app:2').replace('*i', 'acme/app:3'),
  );
});

it('an image that << brings is changed where it is written if nobody else has it, else the container gets its own', () => {
  const one = `${head}      containers:\n      - <<: {image: acme/app:1.0}\n        name: app\n`;
  expect(setImage(one)).toBe(one.replace('1.0', '1.30'));
  const two = `${head}      x: &x {image: acme/app:1.0}\n      containers:\n      - <<: *x\n        name: app # it\n      - name: b\n`;
  expect(setImage(two)).toBe(two.replace('# it\n', '# it\n        image: acme/app:1.30\n'));
});

it.each([
  [
    'a block of lines',
    '      containers:\n      - name: app\n        image: >-\n          acme/app:1.0\n',
    'it is a block of lines (| or >)',
  ],
  [
    'no such container',
    '      containers: []\n',
    'manifest not found: "default:deployment/web" has no container "app"',
  ],
])('%s is refused with the reason', (_, body, reason) => {
  expect(() => setImage(head + body)).toThrow(reason);
});

it('a file that cannot be read is refused with line and column', () => {
  expect(() => setImage('a: [\nb')).toThrow(/^Cannot read "a.yaml": line \d+, column \d+: /);
});

it('the namespace of the target is that of objects without one', () => {
  const text = `${head}      containers: [{name: app, image: a:1}]\n`;
  const workload = parseWorkloadId('shop:deployment/web');
  const images = new Map([['app', parseImageRef('a:2')]]);
  expect(setImages(text, 'a.yaml', { workload, namespace: 'shop' }, images)).toBe(text.replace('a:1', 'a:2'));
  expect(() => setImages(text, 'a.yaml', { workload }, images)).toThrow('"shop:deployment/web" is not in it');
});

it('an image is replaced wherever it is used, in the name that is written there, and nowhere else', () => {
  const text = `${head}      containers:\n      - {name: a, image: nginx:1}\n      - {name: b, image: docker.io/library/nginx:1}\n      - {name: c, image: nginx:2}\n`;
  const expected = text.replace('nginx:1', 'nginx:1.30').replace('library/nginx:1}', 'library/nginx:1.30}');
  expect(replaceImage(text, 'a.yaml', parseImageRef('nginx:1'), parseImageRef('nginx:1.30'))).toBe(expected);
  expect(replaceImage(text, 'a.yaml', parseImageRef('nginx:1'), parseImageRef('other:3'))).toBe(
    text.replace('image: nginx:1}', 'image: other:3}').replace('docker.io/library/nginx:1}', 'other:3}'),
  );
});
