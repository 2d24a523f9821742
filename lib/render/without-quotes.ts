/**
 * What kubectl kustomize and helm quote of what they were given: generators, patches and values of a Secret stand in the clear there, and no
 * object was read by whose values a message could be searched. Kept are places, names and the kind of mistake.
 */
const quoting: readonly (readonly [RegExp, string])[] = [
  [/ with config: `.*`(?=: )/gs, ''],
  [/literal sources \[.*expected key=value/gs, 'a literal of a generator is not key=value'],
  [/\[patch: ".*"\]/gs, 'an inline patch'],
  [/\[path: "(.*)"\]/g, '$1'],
  [/ : lstat .*/gs, ': no such file or directory'],
  [/: line \[[\d ]*\] has invalid utf8 bytes.*/gs, ': a line is not UTF-8'],
  [/unknown anchor '.*' referenced/g, 'unknown anchor referenced'],
  [/mapping key ".*" already defined/g, 'mapping key already defined'],
  [/:? ?node contents:.*/gs, ''],
  [/ for value .*/gs, ''],
  [/ in object \{.*\}/gs, ''],
];

/** Words after which a quotation is no name: of Go's packages that parse. */
const beforeValues = /(?:pars(?:e|ing)(?: \w+)?|as|value|values|!!\w+|got|regexp: .*) $/;
const name = /^[\w./@~[\]*,-]*$/;
const quotation = /(?<!\w)(["'`])((?:(?!\1).)*)\1|\[([^[\]]*)\]/gs;

/** The message of a tool without what it quotes, but for names and paths. */
export function withoutQuotes(message: string): string {
  const told = quoting.reduce((text, [pattern, instead]) => text.replaceAll(pattern, instead), message);
  return told.replaceAll(quotation, (whole: string, _mark, quoted, listed, offset: number) => {
    const text: string = quoted ?? listed;
    const isName = name.test(text) && !beforeValues.test(told.slice(0, offset));
    return isName || text.length < 2 ? whole : whole.replace(text, () => '…');
  });
}
