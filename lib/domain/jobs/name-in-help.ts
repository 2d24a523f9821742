/** Of whom a help tells. */
export interface Names {
  readonly target: string;
  readonly run: string;
}

/**
 * Puts the names into the commands that a help tells, so that they can be pasted: `"sluice runs RUN"`. What raises a Failure need not know
 * for whom it is.
 */
export function nameInHelp(help: string, { target, run }: Names): string {
  return help.replaceAll(/"sluice [^"]*"/g, (command) => {
    return command.replaceAll(/\b(?:TARGET|RUN)\b/g, (word) => (word === 'RUN' ? run : target));
  });
}
