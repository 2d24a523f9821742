import { RE2JS, RE2JSException } from 're2js';

/** A regular expression in Go's syntax (RE2), not anchored. Matching is linear in the text: a pattern from a repository cannot stall a worker. */
export interface GoRegexp {
  test(text: string): boolean;
  /** The template with `$1`, `$name`, `${name}` and `$$` replaced, as Go's Regexp.Expand does; undefined where nothing matches. */
  expand(text: string, template: string): string | undefined;
}

const maxLength = 1000;

/** Undefined for what Go refuses, and for more than 1,000 characters. */
export function compileGoRegexp(pattern: string): GoRegexp | undefined {
  if (pattern.length > maxLength) return undefined;
  const compiled = compile(pattern);
  if (compiled === undefined) return undefined;
  return {
    test: (text) => compiled.test(text),
    expand(text, template) {
      const matcher = compiled.matcher(text);
      if (!matcher.find()) return undefined;
      const named = matcher.getNamedGroups();
      return template.replaceAll(reference, (written, braced?: string, bare?: string) => {
        if (written === '$$') return '$';
        const name = braced ?? bare ?? '';
        if (!/^\d+$/.test(name)) return named[name] ?? '';
        return Number(name) <= matcher.groupCount() ? (matcher.group(Number(name)) ?? '') : '';
      });
    },
  };
}

/** Go takes the longest name: `$1x` is the group named `1x`. */
const reference = /\$(?:\{(\w+)\}|(\w+)|\$)/g;

function compile(pattern: string): RE2JS | undefined {
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (error instanceof RE2JSException) return undefined;
    throw error;
  }
}
