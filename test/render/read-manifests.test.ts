import { describe, expect, it } from 'vitest';
import { Failure } from '../../lib/domain/failure.ts';
import { readManifests, readObjects, readPrinted } from '../../lib/render/read-manifests.ts';
import { configMap } from './checkout.ts';

function failure(text: string): Failure {
  try {
    readManifests(text, 'a.yaml', { withoutKind: 'warn' });
  } catch (error) {
    if (error instanceof Failure) return error;
  }
  throw new Error('it was read');
}

describe('readManifests', () => {
  it('gives each object with its file and line', () => {
    const { manifests } = readManifests(`# a comment\n---\n${configMap('a')}---\n---\n\n${configMap('b')}`, 'a.yaml', {
      withoutKind: 'warn',
    });
    expect(manifests.map(({ object, file, line }) => [object.metadata.name, file, line])).toEqual([
      ['a', 'a.yaml', 3],
      ['b', 'a.yaml', 12],
    ]);
  });

  it('expands Lists, also Lists in Lists, and completes items of typed lists as kubectl does', () => {
    const text = `
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}
- apiVersion: v1
  kind: List
  items: [{apiVersion: v1, kind: Secret, metadata: {name: b}}]
- apiVersion: apps/v1
  kind: DeploymentList
  metadata: {resourceVersion: ""}
  items: [{metadata: {name: c}, spec: {replicas: 1}}]
- {apiVersion: v1, kind: List}
---
apiVersion: acme.example/v1
kind: AllowList
metadata: {name: d}
`;
    const { manifests } = readManifests(text, 'a.yaml', { withoutKind: 'warn' });
    expect(manifests.map(({ object }) => object)).toEqual([
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } },
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'b' } },
      { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'c' }, spec: { replicas: 1 } },
      { apiVersion: 'acme.example/v1', kind: 'AllowList', metadata: { name: 'd' } },
    ]);
  });

  it('leaves out a document without kind, with a warning, but not where a tool printed it', () => {
    const text = `${configMap('a')}---\nreplicas: 1\n---\nkind: ~\n`;
    const { manifests, warnings } = readManifests(text, 'values.yaml', { withoutKind: 'warn' });
    expect(manifests).toHaveLength(1);
    expect(warnings).toEqual([
      '"values.yaml" line 8 was left out: the document has no kind',
      '"values.yaml" line 10 was left out: the document has no kind',
    ]);
    expect(() => readPrinted(text, 'kustomize build .')).toThrow(
      'Cannot read "kustomize build .": line 8: the document has no kind',
    );
  });

  it('refuses a document that lost its kind: left out, its object would be deleted', () => {
    const text = `${configMap('a')}---\napiVersion: v1\nknd: ConfigMap\nmetadata: {name: b}\n`;
    expect(() => readManifests(text, 'a.yaml', { withoutKind: 'warn' })).toThrow(
      'Cannot read "a.yaml": line 8: the document has apiVersion and metadata, and no kind',
    );
    expect(readManifests('apiVersion: v2\nname: chart\n', 'Chart.yaml', { withoutKind: 'warn' }).warnings).toHaveLength(
      1,
    );
  });

  it('reads an empty namespace as none', () => {
    const text =
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: ""}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b, namespace: }\n';
    const { manifests } = readManifests(text, 'a.yaml', { withoutKind: 'warn' });
    expect(manifests.map(({ object }) => object.metadata)).toEqual([{ name: 'a' }, { name: 'b' }]);
  });

  it.each([
    ['a list', '- a\n', 'line 1: the document is a list, not an object'],
    ['a text', 'not YAML at all\n', 'line 1: the document is a scalar, not an object'],
    ['no apiVersion', 'kind: ConfigMap\nmetadata: {name: a}\n', 'line 1: the ConfigMap "a" has no apiVersion'],
    [
      'no name',
      '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {}}\n',
      'line 2: the ConfigMap has no metadata.name',
    ],
    ['no metadata', 'apiVersion: v1\nkind: ConfigMap\n', 'line 1: the ConfigMap has no metadata.name'],
    [
      'generateName',
      'apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: a-}\n',
      'line 1: the Job has generateName and no name',
    ],
    [
      'a number as name',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 1}\n',
      'line 1: metadata.name of the ConfigMap is not a text; quote it',
    ],
    [
      'a boolean as namespace',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: no}\n',
      'line 1: metadata.namespace of the ConfigMap "a" is not a text; quote it',
    ],
    [
      'a boolean as annotation',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, annotations: {x/y: true}}\n',
      'line 1: "x/y" in the annotations of the ConfigMap "a" is not a text; quote it',
    ],
    [
      'labels as a list',
      'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: [b]}\n',
      'line 1: labels of the ConfigMap "a" are not a map',
    ],
    [
      'a name that no object can have',
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${'a'.repeat(254)}}\n`,
      'line 1: metadata.name has 254 characters, more than 253',
    ],
    [
      'a namespace that no cluster can have',
      `apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: a, namespace: ${'n'.repeat(64)}}\n`,
      'line 1: item 1 of the List: metadata.namespace has 64 characters, more than 63',
    ],
    [
      'a kind that goes on and on',
      `apiVersion: v1\nkind: ${'K'.repeat(100_000)}\nmetadata: {name: a}\n`,
      'line 1: kind has 100000 characters, more than 63',
    ],
    [
      'an apiVersion that goes on and on',
      `apiVersion: ${'a'.repeat(318)}\nkind: A\nmetadata: {name: a}\n`,
      'line 1: apiVersion has 318 characters, more than 317',
    ],
    ['a kind that is none', 'apiVersion: v1\nkind: {a: b}\n', 'line 1: kind is not a text'],
    [
      'an item without kind',
      'apiVersion: v1\nkind: List\nitems:\n- metadata: {name: a}\n',
      'line 1: item 1 of the List: no kind',
    ],
    ['an item that is none', 'apiVersion: v1\nkind: List\nitems: [a]\n', 'line 1: item 1 of the List: not an object'],
    ['items that are none', 'apiVersion: v1\nkind: List\nitems: {a: b}\n', 'line 1: items of the List is not a list'],
    [
      'Lists without end',
      `apiVersion: v1\nkind: List\nitems: ${'[{kind: List, items: '.repeat(9)}[]${'}]'.repeat(9)}\n`,
      /Lists nested more than 8 deep$/,
    ],
  ])('refuses %s', (_name, text, state) => {
    const { fault, message } = failure(text);
    expect(fault).toBe('user');
    if (typeof state === 'string') expect(message).toBe(`Cannot read "a.yaml": ${state}`);
    else expect(message).toMatch(state);
  });

  it('refuses what SOPS has encrypted, without a word of it', () => {
    const text =
      'apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata:\n  password: ENC[AES256_GCM,data:abc,type:str]\nsops:\n  mac: ENC[AES256_GCM,data:x]\n  version: 3.7.1\n';
    expect(failure(text)).toMatchObject({
      fault: 'user',
      message: 'Cannot read "a.yaml": line 1: the Secret is encrypted with SOPS',
      help: expect.stringContaining('cannot decrypt'),
    });
  });

  it('finds an object without apiVersion, which Flux v1 knows, too', () => {
    expect(readObjects('kind: ConfigMap\nmetadata: {name: a}\n', 'a.yaml', { withoutKind: 'warn' }, [])).toHaveLength(
      1,
    );
  });
});
