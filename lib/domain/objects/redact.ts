import { nearest } from '../settings/nearest.ts';
import { isDraft } from './draft.ts';
import type { KubeObject } from './kube-object.ts';

/** Shorter values are words of the messages themselves. */
const shortest = 4;

/** Every text by which a value of a Secret in the render might show up in a message, longest first. */
export function secretValues(objects: readonly KubeObject[]): readonly string[] {
  const values = new Set<string>();
  for (const object of objects) {
    if (object.kind !== 'Secret') continue;
    for (const value of isDraft(object.stringData) ? Object.values(object.stringData) : []) add(values, String(value));
    for (const value of isDraft(object.data) ? Object.values(object.data) : []) {
      add(values, String(value));
      add(values, Buffer.from(String(value), 'base64').toString('utf8'));
    }
  }
  return [...values].filter((value) => value.length >= shortest).sort((a, b) => b.length - a.length);
}

function add(values: Set<string>, value: string): void {
  const escaped = JSON.stringify(value).slice(1, -1);
  for (const form of [value, value.trim(), escaped, Buffer.from(value, 'utf8').toString('base64')]) values.add(form);
}

/** The message with each of `values` cut out. */
export function redact(message: string, values: readonly string[]): string {
  return values.reduce((text, value) => text.replaceAll(value, '***'), message);
}

const topFields = ['apiVersion', 'kind', 'metadata', 'data', 'stringData', 'type', 'immutable'];

/** The path of a field, which holds names of values and no values, and the kind of mistake: `data[.dockerconfigjson]: Required value`. */
const fieldProblems =
  /(?<![\w.])\.?((?:data|stringData|metadata|type|immutable)(?:\.[-\w]+|\[[-.\w]+\])*): (Invalid value|Required value|Forbidden|Too long|field is immutable|expected (?:string|map|boolean))/g;

/**
 * What is said of a Secret that the API server refused: its own message may quote the whole object in clear text (APPLY §3), so
 * nothing of it is kept but the kind of mistake and the names of fields.
 */
export function describeSecretRefusal(message: string, code: string | undefined): string {
  if (/base64/i.test(message)) return 'a value of data is not base64; write it as base64, or under stringData as it is';
  const unknown = /(?:^|\s)\.(\w+): field not declared in schema/.exec(message)?.[1];
  if (unknown !== undefined) {
    const meant = nearest(unknown, topFields);
    return `it has a field that no Secret has${meant === undefined ? '' : `; did you mean ${meant}?`}`;
  }
  const named = [...message.matchAll(fieldProblems)].map(([, field, problem]) => `${field}: ${problem}`);
  if (named.length > 0) return named.join('; ');
  return `${code ?? 'it was refused'}; what the server says is withheld, since it may quote the values`;
}
