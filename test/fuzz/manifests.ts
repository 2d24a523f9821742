import fc from 'fast-check';
import { stringify } from 'yaml';
import { Failure } from '../../lib/domain/failure.ts';
import { normalise } from '../../lib/domain/objects/normalise.ts';
import { secretValues } from '../../lib/domain/objects/redact.ts';
import { readManifests } from '../../lib/render/read-manifests.ts';
import { mutated } from './mutate.ts';
import { realTexts } from './real-inputs.ts';
import type { Subject } from './subject.ts';

const example = `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Secret
  metadata: {name: a, labels: &l {x: "y"}}
  stringData: {b: |-
    c
  }
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: b
    annotations: {<<: *l}
  spec: {template: {spec: {containers: [{name: c, image: d, env: [{name: e, value: 'f'}], ports: [{containerPort: 80}]}]}}}
---
%YAML 1.1
--- !!map
? a
: > # x
  b

  c
...
`;

const tokens = [
  '---\n',
  '...\n',
  ': ',
  '- ',
  '? ',
  '|\n',
  '>-\n',
  '&a ',
  '*a',
  '<<: ',
  '!!binary ',
  '!!int ',
  '%TAG ! x\n',
  '# ',
  '{}',
  '[]',
  'kind: List\n',
  'items:\n',
  'stringData:\n',
  'metadata: {name: a}\n',
  'sops: {mac: x}\n',
  '\n  ',
  '0777',
  '.inf',
  '~',
  '{{ x }}',
];

/** YAML to objects, as they are read before anything is planned. Everything that is wrong with a text is its author's: a `user` Failure. */
export async function openManifests(): Promise<Subject<string>> {
  const texts = [example, ...realTexts('corpus', '.yaml')];
  return {
    inputs: fc.oneof(
      { weight: 6, arbitrary: mutated(texts, tokens) },
      { weight: 2, arbitrary: pieces() },
      { weight: 3, arbitrary: objects() },
      fc.json(),
      fc.string({ unit: 'binary' }),
    ),
    async take(text) {
      try {
        const { manifests } = readManifests(Buffer.from(text), 'a.yaml', { withoutKind: 'warn' });
        secretValues(manifests.map(({ object }) => object));
        for (const { object } of manifests) normalise(object, true, 'default');
        return manifests.length === 0 ? 'empty' : 'read';
      } catch (error) {
        if (error instanceof Failure && error.fault === 'user' && error.message.length < 2000) return 'refused';
        throw error;
      }
    },
    shapes: {
      'keys of one map': (size) => object(Array.from({ length: size / 12 }, (_, at) => `  k${at}: v\n`).join('')),
      'entries of a list': (size) => object(`  a:\n${'  - b\n'.repeat(size / 6)}`),
      documents: (size) => '---\nkind: A\n'.repeat(size / 12),
      'objects of a List': (size) =>
        `kind: List\nitems:\n${'- {apiVersion: v1, kind: A, metadata: {name: a}}\n'.repeat(size / 48)}`,
      'one long text': (size) => object(`  a: "${'x'.repeat(size)}"\n`),
      'one long escaped text': (size) => object(`  a: "${'\\x41'.repeat(size / 4)}"\n`),
      'a quote that is not closed': (size) => object(`  a: "${'x\n    '.repeat(size / 6)}`),
      'quotes that are not closed': (size) => object('  a: "b\n'.repeat(size / 8)),
      'a literal block': (size) => object(`  a: |\n${'    x\n'.repeat(size / 6)}`),
      'a folded block of empty lines': (size) => object(`  a: >\n    x\n${'\n'.repeat(size)}    y\n`),
      'a plain text over many lines': (size) => object(`  a: b\n${'    c\n'.repeat(size / 6)}`),
      comments: (size) => object('  # c\n'.repeat(size / 6)),
      'anchors and aliases': (size) =>
        object(Array.from({ length: Math.min(size / 24, 90_000) }, (_, at) => `  k${at}: &a${at} *a${at}\n`).join('')),
      'flow brackets': (size) => `a: ${'['.repeat(size)}`,
      dashes: (size) => '- '.repeat(size / 2),
      'question marks': (size) => '? '.repeat(size / 2),
      'merge keys': (size) => object(`  a: &a {b: c}\n  d:\n${'    <<: *a\n'.repeat(Math.min(size / 11, 40_000))}`),
      'blanks before a colon': (size) => object(`  a${' '.repeat(size)}: b\n`),
      'bare carriage returns': (size) => 'a: 1\r'.repeat(size / 5),
      'line separators': (size) => `a: ["${'x\u2028y", "'.repeat(size / 10)}"]`,
      'line separators anywhere': (size) => `# ${'"\u2028\''.repeat(size / 6)}`,
      directives: (size) => '%TAG !a! tag:a,1:\n'.repeat(size / 18),
      tabs: (size) => `a:${'\t'.repeat(size)}b`,
    },
    largest: 4 * 1024 * 1024,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function object(data: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n${data}`;
}

/** Objects as they should be, but for what stands in one field. */
function objects(): fc.Arbitrary<string> {
  const field = fc.constantFrom(
    'data',
    'stringData',
    'spec',
    'metadata',
    'items',
    'apiVersion',
    'kind',
    'rules',
    'status',
  );
  const object = fc
    .tuple(
      fc.constantFrom('ConfigMap', 'Secret', 'Deployment', 'Service', 'List', 'ClusterRole'),
      field,
      fc.jsonValue(),
    )
    .map(([kind, key, value]) => ({
      apiVersion: 'v1',
      kind,
      metadata: { name: 'a', labels: { x: 'y' } },
      [key]: value,
    }));
  return fc
    .array(object, { minLength: 1, maxLength: 3 })
    .map((all) => all.map((each) => stringify(each)).join('---\n'));
}

function pieces(): fc.Arbitrary<string> {
  return fc
    .array(fc.constantFrom(...tokens, 'a', 'b: c\n', '  ', '"', "'", ','), { maxLength: 30 })
    .map((parts) => parts.join(''));
}
