/** What a target's `automation.message` may name in braces. */
const messageNames = ['message', 'images', 'workloads', 'targets', 'user'] as const;
export type MessageName = (typeof messageNames)[number];

/** A name in braces as it stands in a template. */
export const placeholder = /\{([a-z]+)\}/g;

/** The first name in braces that is not known, with its braces; undefined if there is none. */
export function unknownName(template: string): string | undefined {
  const known: readonly string[] = messageNames;
  return [...template.matchAll(placeholder)].find(([, name = '']) => !known.includes(name))?.[0];
}

export function describeNames(): string {
  return messageNames.map((name) => `{${name}}`).join(', ');
}
