import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readSettings } from '../lib/read-settings.ts';
import { cpuMilliseconds } from './cpu.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-config-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const target = 'name: a, source: { url: https://h.example/a, branch: main }, cluster: { kubeconfig: { env: K } }';

function read(text: string | Buffer) {
  const path = join(directory, 'sluice.yaml');
  writeFileSync(path, text);
  return readSettings(path, { local: true });
}

/** The lines of the refusal, without the path of the file. */
function refusal(text: string | Buffer): string[] {
  try {
    read(text);
  } catch (error) {
    expect(error).toMatchObject({ name: 'Failure', fault: 'user' });
    return (error as Error).message.replaceAll(directory, '').split('\n');
  }
  throw new Error('The settings were taken');
}

it('settings are read with anchors, merge keys, 0 and 1h', () => {
  const settings = read(`version: 1\ntargets:\n- &a { ${target}, interval: 0 }\n- { <<: *a, name: b, interval: 1h }\n`);
  expect(settings.targets.map(({ name, interval }) => [name, interval])).toEqual([
    ['a', 0],
    ['b', 3600],
  ]);
});

it('each mistake is a line below the name of the file', () => {
  const text = `
version: 1
webhooks: [{ id: a, sender: githup, secret: { env: S } }]
targets:
- { ${target}, branch: main }
- { ${target}, interval: 60 }
- name: c
  source: { url: ftp://h/a, branch: main }
  cluster: {}
`;
  expect(refusal(text)).toEqual([
    'Cannot use "/sluice.yaml": 6 problems',
    '  webhooks[0].sender: Expected one of 18 known words, found "githup"; did you mean github?',
    expect.stringContaining('  targets[0].branch: Unknown key; known here are '),
    '  targets[1].interval: Expected a duration such as 90s, 5m or 1h',
    expect.stringContaining('  targets[2].source.url: Expected an https://, ssh:// or user@host:path address'),
    '  targets[1].name: Expected a name of its own: targets[0] has the same',
    '  targets[2].cluster: Expected either kubeconfig or eks',
  ]);
});

it('YAML that does not parse is told with line and column', () => {
  expect(refusal('version: 1\ntargets:\n  - name: a\n    name: b\n')).toEqual([
    'Cannot use "/sluice.yaml": 1 problem',
    '  line 4, column 5: Map keys must be unique',
  ]);
});

// The parser compares each key with every other: a megabyte of them took two minutes.
it('takes time in proportion to the number of keys', () => {
  const begin = cpuMilliseconds();
  const keys = Array.from({ length: 80_000 }, (_, at) => `k${at}: v\n`).join('');
  expect(refusal(keys)[0]).toMatch(/^Cannot use "\/sluice\.yaml": \d+ problems$/);
  expect(cpuMilliseconds() - begin).toBeLessThan(15_000);
});

it('a merge key may stand in a map twice', () => {
  expect(refusal('version: 1\na: &a {}\nb: { <<: *a, <<: *a }')).toEqual([
    'Cannot use "/sluice.yaml": 2 problems',
    expect.stringContaining('a: Unknown key'),
    expect.stringContaining('b: Unknown key'),
  ]);
});

function bomb(): string {
  const levels = Array.from({ length: 9 }, (_, level) => {
    return `l${level + 1}: &l${level + 1} [${Array(9).fill(`*l${level}`).join(', ')}]`;
  });
  return ['l0: &l0 [x]', ...levels].join('\n');
}

it.each([
  ['an alias bomb', bomb(), 'Aliases stand for too much'],
  ['an alias without its anchor', 'version: *x', 'line 1, column 10: No anchor named x before this alias'],
  ['two documents', 'version: 1\n---\nversion: 1', 'line 2, column 1: Expected one document, found another'],
  ['an empty file', '', 'Expected a mapping, found nothing'],
  ['deep nesting', '['.repeat(5000), 'Nested too deeply'],
])('settings refuse %s', (_, text, problem) => {
  expect(refusal(text)).toEqual(['Cannot use "/sluice.yaml": 1 problem', `  ${problem}`]);
});

it('settings refuse a file over 1 MiB, bytes that are no text, and a directory', () => {
  expect(refusal(' '.repeat(1024 * 1024 + 1))).toEqual([
    'Cannot read "/sluice.yaml": 1048577 bytes, more than 1048576',
  ]);
  expect(refusal(Buffer.from([0xff, 0xfe]))).toEqual(['Cannot read "/sluice.yaml": it is not UTF-8 text']);
  expect(() => readSettings(directory, { local: true })).toThrow(`Cannot read "${directory}": it is not a file`);
});

it('settings that are not there are a missing failure', () => {
  const path = join(directory, 'absent.yaml');
  expect(() => readSettings(path, { local: true })).toThrow(
    expect.objectContaining({ fault: 'missing', message: `Cannot read "${path}": no such file` }),
  );
});
