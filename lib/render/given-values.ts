import { readFileSync } from 'node:fs';
import type { Json } from '../domain/objects/kube-object.ts';
import { readYaml } from './read-yaml.ts';

/** Shorter values are words of the messages themselves. */
const shortest = 4;

/** Every text that a call of helm sets as a value, in a file or by itself, longest first; the chart's own defaults are no secrets. */
export function givenValues(args: readonly string[]): readonly string[] {
  const values = args.flatMap((arg, index) => {
    const before = args[index - 1] ?? '';
    if (before === '--values') return textsOf(readValues(arg));
    return before.startsWith('--set') ? arg.split(/[,={}[\]"]/) : [];
  });
  return values.filter((value) => value.length >= shortest).sort((a, b) => b.length - a.length);
}

/** What helm cannot read either has given no value. */
function readValues(path: string): Json {
  try {
    return readYaml(readFileSync(path), path).map(({ value }) => value);
  } catch {
    return null;
  }
}

function textsOf(value: Json | undefined): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}
