import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { Json } from '../../lib/domain/objects/kube-object.ts';
import { runCommand } from '../../lib/process.ts';
import { readSimpleYaml } from '../../lib/render/read-simple-yaml.ts';
import { readYaml } from '../../lib/render/read-yaml.ts';
import { documentValue } from '../../lib/render/yaml-node.ts';
import { cpuMilliseconds } from '../cpu.ts';
import { describeCluster } from '../parts/api-server.ts';
import { describeShared } from '../shared.ts';
import { tools } from './tools.ts';

function read(text: string): Json | undefined {
  const documents = readYaml(text, 'a.yaml');
  expect(documents).toHaveLength(1);
  return documents[0]?.value;
}

function failure(text: string | Uint8Array): string {
  try {
    readYaml(text, 'a.yaml');
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was read');
}

/** What stands under `data:` of a ConfigMap, and what Kubernetes makes of it; checked below beside kubectl itself. */
const forms: Record<string, [string, Json]> = {
  'words of YAML 1.1': [
    'a: y\nb: Y\nc: Yes\nd: yES\ne: oN\nf: On\ng: ON\nh: NO\ni: n\nj: N\nk: off\nl: True\nm: tRUE\no: Null\np: nULL\nq: FALSE\nr: OFF\ns: no\nt: yes\nu: on',
    // biome-ignore format: a table
    { a: true, b: true, c: true, d: 'yES', e: 'oN', f: true, g: true, h: false, i: false, j: false, k: false, l: true, m: 'tRUE', o: null, p: 'nULL', q: false, r: false, s: false, t: true, u: true },
  ],
  'nothing, in four ways': ['a:\nb: ~\nc: null\nd: ""', { a: null, b: null, c: null, d: '' }],
  'octal, hexadecimal, binary': [
    'a: 0777\nb: 0o17\nc: 0O17\nd: 0x1F\ne: 0X1f\nf: 0b11\ng: 0B1\nh: -0b11\ni: -0o17\nj: +0x1F\nk: 00\nl: -0777\nm: 0_7',
    { a: 511, b: 15, c: 15, d: 31, e: 31, f: 3, g: 1, h: -3, i: -15, j: 31, k: 0, l: -511, m: 7 },
  ],
  'what only looks like a number': [
    'a: 0o8\nb: 0x\nc: 0b12\nd: 1e\ne: .\nf: 1.2.3\ng: 1e400\nh: "-"\ni: 0x1p-2\nj: 1.21.6\nk: 1a\nl: +',
    // biome-ignore format: a table
    { a: '0o8', b: '0x', c: '0b12', d: '1e', e: '.', f: '1.2.3', g: '1e400', h: '-', i: '0x1p-2', j: '1.21.6', k: '1a', l: '+' },
  ],
  underscores: [
    'a: 1_000\nb: 1_\nc: 1__0\nd: 1.5_0\ne: .5_0\nf: _1',
    { a: 1000, b: 1, c: 10, d: 1.5, e: 0.5, f: '_1' },
  ],
  'times and dates stay text': [
    'a: 12:30\nb: 1:30:00\nc: 2001-01-01\nd: 2001-12-14t21:59:43.10-05:00\ne: !!timestamp 2001-01-01\nf: 190:20:30.15',
    {
      a: '12:30',
      b: '1:30:00',
      c: '2001-01-01',
      d: '2001-12-14t21:59:43.10-05:00',
      e: '2001-01-01',
      f: '190:20:30.15',
    },
  ],
  floats: [
    'a: 1.5\nb: 1.\nc: .5\nd: -.5\ne: +.5\nf: 1e3\ng: 1E3\nh: 1e+3\ni: 5e-324\nj: 08\nk: 09.5\nl: -0\nm: 0.1e-10\no: 1.0',
    { a: 1.5, b: 1, c: 0.5, d: -0.5, e: 0.5, f: 1000, g: 1000, h: 1000, i: 5e-324, j: 8, k: 9.5, l: 0, m: 1e-11, o: 1 },
  ],
  'great numbers': [
    'a: 9007199254740992\nb: 18446744073709551616\nc: 123456789012345678901234567890\nd: 1e22\ne: -9223372036854775808',
    { a: 9007199254740992, b: 18446744073709552000, c: 1.2345678901234568e29, d: 1e22, e: -9223372036854776000 },
  ],
  'explicit tags': [
    'a: !!binary aGk=\nb: !foo 12\nc: ! 12\nd: !!float 3\ne: !!str 3\nf: !!int "3"\ng: !!bool "yes"\nh: !!null ""\ni: !!float 0x10\nj: !!map {x: 1}\nk: !foo {x: 1}\nl: !!set {x, w}\nm: !!omap [x: 1]\no: !!binary |\n  aGk=',
    // biome-ignore format: a table
    { a: 'hi', b: '12', c: '12', d: 3, e: '3', f: 3, g: true, h: null, i: 16, j: { x: 1 }, k: { x: 1 }, l: { x: null, w: null }, m: [{ x: 1 }], o: 'hi' },
  ],
  'quoted scalars': [
    'a: "on"\nb: \'0777\'\nc: "\\x41\\u00e9\\n\\t\\e"\nd: \'it\'\'s\'\ne: "x\n  y\n\n  z \\\n  w"\nf: \'x\n  y\n\n  z\'\ng: "😀"',
    { a: 'on', b: '0777', c: 'Aé\n\t\u001b', d: "it's", e: 'x y\nz w', f: 'x y\nz', g: '😀' },
  ],
  'block scalars': [
    'a: |\n  x\n   y\n\nb: |-\n  x\nc: |+\n  x\n\n\nd: >\n  x\n  y\n\n  z\ne: |2-\n    x\n   y\nf: |\n\n  x\ng: |\n  x\n    \n  y\n   \nh: >-\n  x\n    y\n  z',
    // biome-ignore format: a table
    { a: 'x\n y\n', b: 'x', c: 'x\n\n\n', d: 'x y\nz\n', e: '  x\n y', f: '\nx\n', g: 'x\n  \ny\n \n', h: 'x\n  y\nz' },
  ],
  'a block scalar at the end of the file': ['a: |\n  x', { a: 'x\n' }],
  'plain scalars': [
    'a: b#c\nd: e #f\ng: ?x\nh: -x\ni: :x\nj: b:c\nk: http://x:80/\nl: one\n  two\n\n  three\nm: a, b\no: "x" # y\nz: x\ty\nn1: \u00a0x\u00a0',
    // biome-ignore format: a table
    { a: 'b#c', d: 'e', g: '?x', h: '-x', i: ':x', j: 'b:c', k: 'http://x:80/', l: 'one two\nthree', m: 'a, b', o: 'x', z: 'x\ty', n1: '\u00a0x\u00a0' },
  ],
  'flow collections': [
    'a: [1,2, "x: y",\'z\']\nb: {a: 1, b}\nc: {"a":1}\nd: [a:b, "c":d]\ne: [1,\n  2]\nf: []\ng: {}\nh: [a b, -x, [yes], {k: 0777}]\ni: [1, ]',
    // biome-ignore format: a table
    { a: [1, 2, 'x: y', 'z'], b: { a: 1, b: null }, c: { a: 1 }, d: ['a:b', { c: 'd' }], e: [1, 2], f: [], g: {}, h: ['a b', '-x', [true], { k: 511 }], i: [1] },
  ],
  lists: [
    'a:\n- 1\n- 2\nb:\n  - 3\nc:\n- - 1\n  - 2\n-\n  - 3\n- b: 1\n  c: 2\n-   d: 1\n    e: 2\n- - x: 1\n    w: 2\nd:\n-\n- ~',
    { a: [1, 2], b: [3], c: [[1, 2], [3], { b: 1, c: 2 }, { d: 1, e: 2 }, [{ x: 1, w: 2 }]], d: [null, null] },
  ],
  'keys that are no text': [
    '1: a\n1.5: b\ntrue: c\n0777: d\n1e3: e\n.inf: f\n2001-01-01: g\noff: h\n12:30: i\n1_0: j\n"on": k\n\'1 \': l\n1.123456789: m\n? x\n: o',
    // biome-ignore format: a table
    { '1': 'a', '1.5': 'b', true: 'c', '511': 'd', '1000': 'e', '.inf': 'f', '2001-01-01': 'g', false: 'h', '12:30': 'i', '10': 'j', on: 'k', '1 ': 'l', '1.1234568': 'm', x: 'o' },
  ],
  'a key twice': ['a: 1\nb: {c: 1, c: 2}\na: 3', { a: 3, b: { c: 2 } }],
  'anchors and aliases': [
    'a: &x 1\nb: *x\nc: &x 2\nd: *x\ne: &y {f: [1]}\ng: *y\nh: &z\ni: *z\nj: &k foo\n*k : bar',
    { a: 1, b: 1, c: 2, d: 2, e: { f: [1] }, g: { f: [1] }, h: null, i: null, j: 'foo', foo: 'bar' },
  ],
  'merge keys go by position': [
    'a: &a {x: 1, w: 2}\nb: &b {x: 3, z: 4}\nc:\n  <<: *a\n  x: 9\nd:\n  x: 9\n  <<: *a\ne:\n  <<: [*a, *b]\nf:\n  <<: *a\n  <<: *b\ng: {"<<": 1}\nh:\n  <<: {r: 1}',
    // biome-ignore format: a table
    { a: { x: 1, w: 2 }, b: { x: 3, z: 4 }, c: { x: 9, w: 2 }, d: { x: 1, w: 2 }, e: { x: 1, w: 2, z: 4 }, f: { x: 3, w: 2, z: 4 }, g: { '<<': 1 }, h: { r: 1 } },
  ],
  'a tab after a colon': ['a:\tx\nb: 1\t# c', { a: 'x', b: 1 }],
  'line ends of every kind': [
    // A comment swallowed the line after it.
    'a: 1 # x\rb: 2 # x\u0085  c: 3 # x\u2028  d: 4 # x\u2029  e: it\'s\r\nf: "x\r  y"\ng: |\r  x\r  y\r',
    { a: 1, b: 2, c: 3, d: 4, e: "it's", f: 'x y', g: 'x\ny\n' },
  ],
  'a line separator in quotes': [
    'a: "x\u2028\u2029y"\nb: \'x\u2028y\'\nc: {"d": "\u2028"} # "x\u2028  e: ["x\u2028y"]',
    { a: 'x\u2028\u2029y', b: 'x\u2028y', c: { d: '\u2028' }, e: ['x\u2028y'] },
  ],
  'comments and empty lines': ['# x\na: 1\n\n  # y\nb:\n# z\n  c: 1', { a: 1, b: { c: 1 } }],
};

/** What stands under `data:`, and where and how it is refused; kubectl refuses it too. */
const refused: Record<string, [string, string]> = {
  'a tab as indentation': ['a:\n\tb: x', 'line 6, column 3: tabs are not allowed as indentation'],
  'a colon in a plain value': ['a: b: c', 'line 5, column 6: nested mappings are not allowed in compact mappings'],
  'an alias without an anchor': ['a: *nope', 'line 5, column 6: an alias without an anchor before it'],
  'an anchor within itself': ['a: &x [1, *x]', 'line 5, column 13: an anchor that contains itself'],
  infinity: ['a: .inf', 'line 5, column 6: JSON has no infinity and no NaN; quote it if it is a text'],
  'no number': ['a: [.nan]', 'line 5, column 7: JSON has no infinity and no NaN; quote it if it is a text'],
  'an empty key': ['~: a', 'line 5, column 3: a key is empty (null)'],
  'a list as key': ['? [a]\n  : b', 'line 5, column 5: a key is a list or a map'],
  'a template': [
    'a: {{ .Values.a }}',
    'line 5, column 7: a key is a list or a map; if {{ }} is meant as a template, render or quote it',
  ],
  'a merge of a number': ['x:\n    <<: 3', 'line 6, column 7: << needs a map or a list of maps'],
  'a tag that does not fit': ['a: !!int abc', 'line 5, column 12: the value is no !!int'],
  'a float tagged as int': ['a: !!int 3.0', 'line 5, column 12: the value is no !!int'],
  'bad base64': ['a: !!binary "@@@"', 'line 5, column 15: the value of !!binary is not base64'],
  'a control character': ['a: "x\u0001y"', 'line 5, column 8: a control character'],
  'a reserved character': ['a: @x', 'line 5, column 6: plain value cannot start with reserved character @'],
  'a line separator in a plain value': [
    'a: x\u2028y',
    'line 6, column 1: implicit map keys need to be followed by map values',
  ],
  'a line separator in a key': [
    '"a\u2028b": 1',
    'line 5, column 3: a line or paragraph separator; write it as \\u2028 or \\u2029 in double quotes, or remove it',
  ],
  'a list that is not closed': [
    'a: [1',
    'line 5, column 8: flow sequence in block collection must be sufficiently indented and end with a ]',
  ],
};

function configMap(data: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n${data.replaceAll(/(?<![\u2028\u2029])^(?=.)/gm, '  ')}`;
}

describe('readYaml', () => {
  it.each(Object.entries(forms))('reads %s', (_name, [text, value]) => {
    expect(read(configMap(text))).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a' },
      data: value,
    });
  });

  it('calls a merge conflict one', () => {
    const text = 'kind: ConfigMap\n<<<<<<< HEAD\na: b\n=======\na: c\n>>>>>>> branch\n';
    expect(failure(text)).toBe('Cannot read "a.yaml": line 2, column 1: a merge conflict that was not resolved');
  });

  it.each(Object.entries(refused))('refuses %s and says where', (_name, [text, state]) => {
    expect(failure(configMap(text))).toBe(`Cannot read "a.yaml": ${state}`);
  });

  it('refuses a whole number that would be another one in a double, and keeps one that would not', () => {
    expect(failure('a: 9007199254740993')).toBe(
      'Cannot read "a.yaml": line 1, column 4: the number 9007199254740993 is not exact beyond 2^53; quote it if it is a text',
    );
    expect(read('a: 1152921504606846976\nb: "9007199254740993"')).toEqual({ a: 2 ** 60, b: '9007199254740993' });
  });

  it('keeps a key that objects have of themselves', () => {
    const value = read('__proto__: 1\nconstructor: 2');
    expect(JSON.stringify(value)).toBe('{"__proto__":1,"constructor":2}');
    expect(JSON.stringify(read('__proto__: &a 1\nb: *a'))).toBe('{"__proto__":1,"b":1}');
  });

  it('takes documents apart at --- and ..., with comments, directives, a mark and CRLF, and gives their first lines', () => {
    expect(readYaml('a: 1\n--- # x\n\n# y\nb: |\n  ---\n---\n---\n# nothing\n...\nc: 1\n... \n', 'a.yaml')).toEqual([
      { value: { a: 1 }, line: 1 },
      { value: { b: '---\n' }, line: 5 },
      { value: { c: 1 }, line: 11 },
    ]);
    expect(readYaml('\ufeff%YAML 1.1\n---\r\na: 1\r\nb: |\r\n  x\r\n', 'a.yaml')).toEqual([
      { value: { a: 1, b: 'x\n' }, line: 1 },
    ]);
    expect(readYaml('%YAML 1.1\n---\na: 0777\nb: on\n', 'a.yaml')[0]?.value).toEqual({ a: 511, b: true });
    expect(readYaml('--- {a: 1}\n--- |\n  x\n---\n- 1\n', 'a.yaml').map(({ value }) => value)).toEqual([
      { a: 1 },
      'x\n',
      [1],
    ]);
    expect(readYaml('', 'a.yaml')).toEqual([]);
    expect(readYaml('---\n# only a comment\n---\n', 'a.yaml')).toEqual([]);
  });

  it('counts lines and columns from the beginning of the file', () => {
    expect(failure('a: 1\n---\nb: 1\n---\n# c\nd:\n  - "x\n')).toBe(
      'Cannot read "a.yaml": line 8, column 1: missing closing "quote',
    );
  });

  it('never quotes the text that it cannot read', () => {
    for (const text of ['a: "b" hunter2', 'a: *hunter2', '- a\nhunter2', 'a: {hunter2', '"hunter2', 'a: !<hunter2 b']) {
      expect(failure(text)).toMatch(/^Cannot read "a.yaml": line \d+, column \d+: /);
      expect(failure(text)).not.toContain('hunter2');
    }
  });

  it('refuses what is not UTF-8', () => {
    expect(failure(Uint8Array.of(0x61, 0x3a, 0x20, 0xff, 0xfe))).toBe(
      'Cannot read "a.yaml": the file is not UTF-8 text',
    );
  });

  it('refuses an alias bomb, and a document nested without end, at once', () => {
    const levels = Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(9).fill(`*a${n}`).join(', ')}]`);
    const started = cpuMilliseconds();
    expect(failure(`a0: &a0 [lol]\n${levels.join('\n')}\n`)).toMatch(
      /line \d+, column \d+: aliases make more than 100000 values$/,
    );
    expect(failure(`a: ${'['.repeat(100_000)}`)).toMatch(/nested (too|more than 500) deep$/);
    expect(failure(`a: ${'['.repeat(1000)}${']'.repeat(1000)}`)).toMatch(/nested (too|more than 500) deep$/);
    expect(failure('- '.repeat(100_000))).toMatch(/nested (too|more than 500) deep$/);
    expect(cpuMilliseconds() - started).toBeLessThan(5000);
  });

  it('takes time in proportion to the text', () => {
    const started = cpuMilliseconds();
    expect((read(`a:\n${'- b\n'.repeat(300_000)}`) as { a: string[] }).a).toHaveLength(300_000);
    expect(readYaml('---\na: 1\n'.repeat(30_000), 'a.yaml')).toHaveLength(30_000);
    expect(read(`a: |\n  x${'\n'.repeat(500_000)}  y\n`)).toBeDefined();
    expect(cpuMilliseconds() - started).toBeLessThan(5000);
  });
});

describe('the short way for simple documents', () => {
  function theLongWay(text: string): Json | undefined {
    const [document] = parseAllDocuments(text, {
      schema: 'failsafe',
      merge: false,
      uniqueKeys: false,
      logLevel: 'silent',
      prettyErrors: false,
    });
    if (!document || document.errors.length > 0) return undefined;
    try {
      return documentValue(document);
    } catch {
      return undefined;
    }
  }

  /** Undefined (it is left to the whole parser) is always right; another answer must be the parser's. */
  function expectSame(text: string): boolean {
    const short = readSimpleYaml(text);
    if (short === undefined) return false;
    const long = theLongWay(text) ?? null;
    expect({ text, value: short }).toEqual({ text, value: long });
    return true;
  }

  // biome-ignore format: a table
  const pieces = ['a', 'b: ', 'c:', '- ', '-', '  ', '    ', ' ', '\n', '\n', '\n  ', '\n- ', '\n  - ', 'x', '1', 'yes', '"', "'", '"q"', "'s'", '|', '|-', '|+', '>', '#', ' # c', '[', ']', '{', '}', ', ', ': ', ':', '\t', '\t', '~', '*a', '&a ', '!t ', '?', '<<: ', '---', '---\n', 'k: v\n', 'k:\n', 'k: |\n', '\\n', '\u00a0', '\u2028', '0777', '{}', '[]', '[a, b]', '{a: 1}', ':8', ': :'];

  it('gives what the whole parser gives, whatever stands together', () => {
    let simple = 0;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 14 }), (parts) => {
        if (expectSame(parts.join(''))) simple++;
      }),
      { numRuns: 20_000 },
    );
    expect(simple).toBeGreaterThan(1000);
  });

  it('gives what the whole parser gives for indented lines', () => {
    const line = fc.tuple(
      fc.constantFrom('', '', '  ', '    ', ' '),
      fc.constantFrom('', '', '- ', '- - '),
      // biome-ignore format: a table
      fc.constantFrom('a: 1', 'b:', 'c: |', 'd: |-', 'x', '# c', '', 'e: "x y"', "'f': [a, {b: c}]", 'g: x # y', 'h: {}', 'a: x: y', 'text: more', '"k" : v', '- ', 'i: |+', ':8080', 'j: :8080', ':k: 1'),
      fc.constantFrom('', '', '', ' '),
    );
    let simple = 0;
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        if (expectSame(`${lines.map((parts) => parts.join('')).join('\n')}\n`)) simple++;
      }),
      { numRuns: 20_000 },
    );
    expect(simple).toBeGreaterThan(1000);
  });

  describeShared('of real repositories', (directory) => {
    it('gives what the whole parser gives, and takes most of them', async () => {
      const files = await readdir(join(directory, 'corpus'), { recursive: true });
      const texts = await Promise.all(
        files
          .filter((file) => file.endsWith('.yaml') && !file.includes('templates'))
          .map((file) => readFile(join(directory, 'corpus', file), 'utf8')),
      );
      const documents = texts.flatMap((text) => text.split(/^---$/m));
      const simple = documents.filter(expectSame);
      expect(simple.length / documents.length).toBeGreaterThan(0.8);
    });
  });
});

describeCluster('beside kubectl create --dry-run=client', (kubeconfig) => {
  let kubectl: string;
  beforeAll(async () => {
    kubectl = (await tools()).kubectl;
  });

  async function create(input: string): Promise<Json | undefined> {
    const { code, stdout, stderr } = await runCommand(
      kubectl,
      ['create', '--dry-run=client', '--validate=false', '-o', 'json', '-f', '-'],
      {
        directory: '/',
        environment: { KUBECONFIG: kubeconfig },
        timeoutSeconds: 30,
        input,
      },
    );
    if (code === 0) return JSON.parse(stdout.toString('utf8')).data;
    if (stderr.includes('YAML to JSON')) return undefined;
    throw new Error(stderr);
  }

  it.each(Object.entries(forms))('%s', async (_name, [text, value]) => {
    expect(await create(configMap(text))).toEqual(value);
  });

  it.each(Object.entries(refused))('%s is refused', async (_name, [text]) => {
    expect(await create(configMap(text))).toBeUndefined();
  });
});
