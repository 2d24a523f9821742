/** What the API server says beside what is wrong, and what to say instead: Go's words and dumps, and the object, which the Failure names. */
const noise: readonly (readonly [pattern: RegExp, instead: string])[] = [
  [/^[\w.-]+ "[^"]*" is (?:invalid|forbidden): /, ''],
  [/^(?:[\w.]+ is )?forbidden: /, ''],
  [/^failed to (?:create typed patch|convert new) object(?: \([^)]*\))?: /, ''],
  [/^errors:\s+/, ''],
  // The type or the value that came instead, which may be a whole object.
  [/, got [*&]?value\.valueUnstructured.*$/gm, ''],
  [/\s*\((?:e\.g\. .*?, +)?regex used for validation is '[^']*'\)/g, ''],
  // A struct, such as the pod template of a Job.
  [
    /Invalid value: (?:(?!Invalid value: ).)*?: (?=field is immutable|may not (?:change once set|be changed)|cannot be changed)/gs,
    '',
  ],
  [/\s*\n\s*/g, '; '],
];

/** The server's message in one line that a person reads: field and reason. */
export function plainMessage(message: string): string {
  return noise.reduce((text, [pattern, instead]) => text.replace(pattern, instead), message.trim());
}
