/**
 * Scalars as Kubernetes reads them: sigs.k8s.io/yaml on go-yaml v2, a mixture of YAML 1.1 and 1.2 (facts/dependencies.md "YAML").
 */
export type Scalar = string | number | boolean | null;

const words: ReadonlyMap<string, Scalar> = new Map<string, Scalar>([
  ...spellings(true, 'y', 'yes', 'true', 'on'),
  ...spellings(false, 'n', 'no', 'false', 'off'),
  ...spellings(null, 'null'),
  ['', null],
  ['~', null],
  ...['.nan', '.NaN', '.NAN'].map((word): [string, Scalar] => [word, Number.NaN]),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word): [string, Scalar] => [word, Infinity]),
  ...['-.inf', '-.Inf', '-.INF'].map((word): [string, Scalar] => [word, -Infinity]),
]);

/** `yes Yes YES`, and no other mixture of cases. */
function spellings(value: Scalar, ...texts: readonly string[]): readonly [string, Scalar][] {
  return texts.flatMap((text) => [
    [text, value],
    [text.charAt(0).toUpperCase() + text.slice(1), value],
    [text.toUpperCase(), value],
  ]);
}

const mayBeSpecial = /^(?:[-+.~\d]|[yYnNtTfFoO])/;
const integer = /^[-+]?(?:0[xX][\da-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9]\d*)$/;
const float = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;

/** What a plain scalar means. `Infinity` and `NaN` are possible. Throws a RangeError for a whole number that a double cannot hold. */
export function resolveScalar(text: string): Scalar {
  if (text.length > 0 && !mayBeSpecial.test(text)) return text;
  const word = words.get(text);
  if (word !== undefined) return word;
  const plain = text.includes('_') ? text.replaceAll('_', '') : text;
  if (integer.test(plain)) return integerOf(plain);
  if (!float.test(plain)) return text;
  const number = Number(plain);
  return Number.isFinite(number) ? withoutNegativeZero(number) : text;
}

function integerOf(text: string): number {
  const negative = text.startsWith('-');
  const digits = text.replace(/^[-+]/, '').toLowerCase();
  const exact = BigInt(/^0[0-7]/.test(digits) ? `0o${digits}` : digits);
  const number = withoutNegativeZero(negative ? -Number(exact) : Number(exact));
  // Beyond 64 bits go-yaml itself takes a double.
  const fits64 = negative ? exact <= 2n ** 63n : exact < 2n ** 64n;
  if (fits64 && BigInt(Math.abs(number)) !== exact) {
    throw new RangeError(`the number ${text} is not exact beyond 2^53; quote it if it is a text`);
  }
  return number;
}

function withoutNegativeZero(number: number): number {
  return number === 0 ? 0 : number;
}

/** The text that Kubernetes makes of a map key: JSON has no others. Throws a RangeError for a key it refuses or that is not worth the rule. */
export function keyOf(key: Scalar): string {
  if (typeof key === 'string') return key;
  if (typeof key === 'boolean') return String(key);
  if (key === null) throw new RangeError('a key is empty (null)');
  if (Number.isInteger(key) && Math.abs(key) < 1e6) return String(key);
  if (Number.isSafeInteger(key)) return String(key);
  if (key === Infinity) return '.inf';
  if (key === -Infinity) return '-.inf';
  if (Number.isNaN(key)) return '.nan';
  return singlePrecision(key);
}

/** Float keys are printed as the shortest text of a 32-bit float; outside of this range with an exponent, which nobody means. */
function singlePrecision(key: number): string {
  const single = Math.fround(key);
  for (let digits = 1; digits <= 9 && Math.abs(key) >= 1e-4 && Math.abs(key) < 1e6; digits++) {
    const text = String(Number(key.toPrecision(digits)));
    if (Math.fround(Number(text)) === single) return text;
  }
  throw new RangeError(`the key ${key} is a number that cannot be kept; quote it`);
}
