import { Lexer } from 'yaml';

/** The comments of a YAML text in order; what only looks like one, in a quoted text or a block of lines, is none. */
export function commentsOf(text: string): readonly string[] {
  return [...new Lexer().lex(text)].filter((token) => token.startsWith('#')).map((token) => token.trimEnd());
}
