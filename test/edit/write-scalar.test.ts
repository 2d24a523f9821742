import fc from 'fast-check';
import { expect, it } from 'vitest';
import { writeScalar } from '../../lib/edit/write-scalar.ts';
import { readYaml } from '../../lib/render/read-yaml.ts';

it.each([
  ['1.2.3', '1.2.3'],
  ['v1.30', 'v1.30'],
  ['registry.example:5000/a/b:1', 'registry.example:5000/a/b:1'],
  ['a@sha256:0123', 'a@sha256:0123'],
  ['glob:*', 'glob:*'],
  ['semver:>=1.0 <2', 'semver:>=1.0 <2'],
  ['regexp:(.*?)', 'regexp:(.*?)'],
  ['1.30', "'1.30'"],
  ['2.0', "'2.0'"],
  ['7', "'7'"],
  ['true', "'true'"],
  ['no', "'no'"],
  ['null', "'null'"],
  ['1e3', "'1e3'"],
  ['12345e6', "'12345e6'"],
  ['0123', "'0123'"],
  ['0x1f', "'0x1f'"],
  ['1_000', "'1_000'"],
  ['12:30', "'12:30'"],
  ['2024-01-01', "'2024-01-01'"],
  ['18446744073709551616', "'18446744073709551616'"],
  ['', "''"],
  ['~', "'~'"],
  ['a: b', "'a: b'"],
  ['a #b', "'a #b'"],
  ['a:', "'a:'"],
  ['- a', "'- a'"],
  ['*a', "'*a'"],
  ["it's", "it's"],
  ["'", "''''"],
  ['a\nb', '"a\\nb"'],
  [' a', "' a'"],
  ['=', "'='"],
])('%j is written %s', (value, written) => {
  expect(writeScalar(value, { style: 'plain', inFlow: false })).toBe(written);
});

it('what is quoted stays so, and braces are quoted within braces', () => {
  expect(writeScalar('a', { style: 'single', inFlow: false })).toBe("'a'");
  expect(writeScalar('a"\\', { style: 'double', inFlow: false })).toBe('"a\\"\\\\"');
  expect(writeScalar('a\u0007', { style: 'single', inFlow: false })).toBe('"a\\u0007"');
  expect(writeScalar('{a}', { style: 'plain', inFlow: true })).toBe("'{a}'");
  expect(writeScalar('1.30', { style: 'plain', inFlow: false, quotes: 'double' })).toBe('"1.30"');
});

it('every text is read back as it was, wherever it is written', () => {
  const unit = fc.constantFrom(...'ab1 .:#-,[]{}\'"\\!&*%@`|>?~=\n\t\r\u0085\u2028\ufeff\u0007é🚀'.split(/(?:)/u));
  const text = fc.oneof(fc.string({ unit, maxLength: 8 }), fc.string({ unit: 'binary', maxLength: 6 }), fc.string());
  const style = fc.constantFrom('plain', 'single', 'double' as const);
  fc.assert(
    fc.property(text, style, (value, wanted) => {
      // A lone half of a pair is no text to begin with.
      fc.pre(value.isWellFormed());
      const block = writeScalar(value, { style: wanted, inFlow: false });
      const flow = writeScalar(value, { style: wanted, inFlow: true });
      const written = `a: ${block} # c\nb: [${flow}, {k: ${flow}}]\nc:\n- ${block}\n`;
      expect(readYaml(written, 'a.yaml')[0]?.value).toEqual({ a: value, b: [value, { k: value }], c: [value] });
    }),
    { numRuns: 2000 },
  );
});
