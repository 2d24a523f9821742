import type * as z from 'zod/mini';
import { nearest } from './nearest.ts';

/** One thing that is wrong with `sluice.yaml`, and where: `targets[2].source.url`; empty for the document itself. */
export interface SettingsProblem {
  readonly path: string;
  readonly message: string;
}

export function formatProblem(problem: SettingsProblem): string {
  return problem.path === '' ? problem.message : `${problem.path}: ${problem.message}`;
}

/** `targets[2].source.url`, `helmRepositories["https://charts.example"]`. */
export function formatPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`;
    else if (/^[\w-]+$/.test(String(key))) text += text === '' ? String(key) : `.${String(key)}`;
    else text += `[${JSON.stringify(String(key))}]`;
  }
  return text;
}

/**
 * The problems that an issue of zod stands for. Of a union only the branch that was meant is told: the one whose own keys fit.
 * Expects messages of `wordIssue`.
 */
export function problemsOf(issue: z.core.$ZodIssue, parent: readonly PropertyKey[] = []): SettingsProblem[] {
  const path = [...parent, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n');
    return issue.keys.map((key, index) => ({ path: formatPath([...path, key]), message: messages[index] ?? '' }));
  }
  if (issue.code === 'invalid_union') {
    const meant = issue.errors.filter((branch) => branch.every((inner) => inner.path.length > 0));
    if (meant.length === 1) return (meant[0] ?? []).flatMap((inner) => problemsOf(inner, path));
  }
  return [{ path: formatPath(path), message: issue.message }];
}

/** Words an issue whose schema brings none. Values are quoted only where a known word was expected: elsewhere one might be a secret. */
export function wordIssue(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `Expected ${nouns[issue.expected] ?? issue.expected}, found ${kindOf(issue.input)}`;
    case 'invalid_value':
      return wordChoice(issue.values.map(String), issue.input);
    case 'too_small':
      return issue.origin === 'array' ? 'Expected at least one entry' : 'Expected some text, found none';
    case 'too_big':
      return `Expected at most ${issue.maximum} characters`;
    case 'unrecognized_keys': {
      const known = keysOf(issue.inst);
      return issue.keys.map((key) => wordUnknownKey(key, known)).join('\n');
    }
    case 'invalid_key':
      return `Expected another key: ${issue.issues[0]?.message}`;
    default:
      return 'Expected something else';
  }
}

const nouns: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

function kindOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return nouns[typeof value] ?? typeof value;
}

/** Who probably meant one of many need not read them all. */
const mostListed = 8;

function wordChoice(choices: readonly string[], found: unknown): string {
  const last = choices.at(-1);
  const list = choices.length > 1 ? `${choices.slice(0, -1).join(', ')} or ${last}` : `${last}`;
  if (typeof found !== 'string' || found.length > 40) {
    return `Expected ${list}, found ${typeof found === 'number' ? found : kindOf(found)}`;
  }
  const meant = nearest(found, choices);
  if (meant === undefined) return `Expected ${list}, found "${found}"`;
  const known = choices.length > mostListed ? `one of ${choices.length} known words` : list;
  return `Expected ${known}, found "${found}"; did you mean ${meant}?`;
}

function wordUnknownKey(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  if (meant !== undefined) return `Unknown key; did you mean ${meant}?`;
  return known.length > 0 ? `Unknown key; known here are ${known.join(', ')}` : 'Unknown key';
}

function keysOf(schema: unknown): readonly string[] {
  const shape = (schema as z.core.$ZodObject | undefined)?._zod.def.shape;
  return shape === undefined ? [] : Object.keys(shape);
}
