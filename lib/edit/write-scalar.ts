import { resolveScalar } from '../render/yaml-scalar.ts';

/** How a scalar is written. `plain` only where the text stays a text without quotes. */
export type ScalarStyle = 'plain' | 'single' | 'double';

export interface ScalarContext {
  readonly style: ScalarStyle;
  /** In a flow collection. */
  readonly inFlow: boolean;
  /** What a plain text that needs quotes gets. Default single. */
  readonly quotes?: 'single' | 'double';
}

/** A text as a YAML scalar on one line that every reader takes for that very text: `1.30`, `true`, `1e3` and `0123` are quoted. */
export function writeScalar(value: string, { style, inFlow, quotes = 'single' }: ScalarContext): string {
  if (style === 'plain' && mayBePlain(value, inFlow)) return value;
  const wanted = style === 'plain' ? quotes : style;
  return wanted === 'single' && !needsEscapes.test(value) ? `'${value.replaceAll("'", "''")}'` : doubleQuoted(value);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const needsEscapes = /[\0-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]/;

/** JSON's escapes are YAML's too (YAML 1.2 §5.7); JSON leaves some characters bare that YAML may not show. */
function doubleQuoted(value: string): string {
  return JSON.stringify(value).replaceAll(/[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

// The first character is no indicator; no ": " and " #" within, no blank at an end.
const plain = /^[^-\s?:,[\]{}#&*!|>'"%@`=<](?:(?::(?=\S)|\S(?<!:)|(?<=\S) +(?=[^\s#]))*)$/;
const flowIndicators = /[,[\]{}]/;
// Numbers in base 60 and dates are texts to Kubernetes, not to every reader of YAML 1.1.
const otherReaders = /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.\d*)?$|^\d{4}-\d\d?-\d\d?(?:$|[Tt ])/;

function mayBePlain(value: string, inFlow: boolean): boolean {
  if (!plain.test(value) || needsEscapes.test(value) || otherReaders.test(value)) return false;
  if (inFlow && flowIndicators.test(value)) return false;
  try {
    return resolveScalar(value) === value;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
