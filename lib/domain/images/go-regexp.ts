import { RE2JS } from 're2js';

/** A regular expression in Go's syntax (RE2), not anchored. Matching is linear in the text: a pattern from a repository cannot stall a worker. */
export interface GoRegexp {
  test(text: string): boolean;
  /**
   * A function that gives the template with `$1`, `$name`, `${name}` and `$$` replaced, as Go's Regexp.Expand does; undefined for a text where
   * nothing matches.
   */
  expander(template: string): (text: string) => string | undefined;
}

const maxLength = 1000;

/** Undefined for what Go refuses, and for more than 1,000 characters. */
export function compileGoRegexp(pattern: string): GoRegexp | undefined {
  if (pattern.length > maxLength) return undefined;
  const compiled = compile(pattern);
  if (compiled === undefined) return undefined;
  return {
    test: (text) => compiled.test(text),
    expander(template) {
      const parts = partsOf(template, compiled);
      return (text) => {
        const matcher = compiled.matcher(text);
        if (!matcher.find()) return undefined;
        return parts.map((part) => (typeof part === 'number' ? (matcher.group(part) ?? '') : part)).join('');
      };
    },
  };
}

/** Texts, and the numbers of groups; a group that does not exist is nothing. */
function partsOf(template: string, compiled: RE2JS): readonly (string | number)[] {
  const parts: (string | number)[] = [];
  const names = compiled.namedGroups();
  let at = 0;
  for (const { 0: written, index, 1: braced, 2: bare } of template.matchAll(reference)) {
    parts.push(template.slice(at, index));
    at = index + written.length;
    const name = braced ?? bare;
    if (name === undefined) parts.push('$');
    else {
      const group = /^\d+$/.test(name) ? Number(name) : names[name];
      if (group !== undefined && group <= compiled.groupCount()) parts.push(group);
    }
  }
  return [...parts, template.slice(at)];
}

/** Go takes the longest name: `$1x` is the group named `1x`. */
const reference = /\$(?:\{(\w+)\}|(\w+)|\$)/g;

function compile(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return undefined;
  }
}
