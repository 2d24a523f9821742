import type { Packaged, Properties } from './packaged.ts';

/** A statement of a role, in words: `dynamodb:GetItem+PutItem Table [delivery/* target/*]`. */
export interface Statement {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** Of the table: what the partition key has to be like. */
  readonly keys?: readonly string[];
}

type Role = 'WebhookRole' | 'EventsRole' | 'SyncRole' | 'ReleaseRole' | 'CheckRole' | 'ScheduleRole' | 'ApiRole';

/** The statements of a function's role that are in force when these conditions hold. */
export function statementsOf(
  { resources }: Packaged,
  role: string,
  holds: readonly string[] = [],
): readonly Statement[] {
  const { Policies = [] } = resources[role]?.Properties ?? {};
  return Policies.flatMap(({ PolicyDocument }: Properties) => PolicyDocument.Statement)
    .map((statement: Properties) => resolve(statement, holds))
    .filter((statement: Properties | undefined) => statement !== undefined)
    .map(read);
}

export const roles: readonly Role[] = [
  'WebhookRole',
  'EventsRole',
  'SyncRole',
  'ReleaseRole',
  'CheckRole',
  'ScheduleRole',
  'ApiRole',
];

export function inWords({ actions, resources, keys }: Statement): string {
  const [service = ''] = actions[0]?.split(':') ?? [];
  const verbs = actions.map((action) => action.replace(`${service}:`, '')).join('+');
  return [`${service}:${verbs}`, ...resources, ...(keys === undefined ? [] : [`[${keys.join(' ')}]`])].join(' ');
}

function resolve(statement: Properties, holds: readonly string[]): Properties | undefined {
  const choice = statement['Fn::If'];
  if (choice === undefined) return statement;
  const [condition, yes, no] = choice;
  const chosen = holds.includes(condition) ? yes : no;
  return chosen.Ref === 'AWS::NoValue' ? undefined : resolve(chosen, holds);
}

function read({ Effect, Action, Resource, Condition, ...others }: Properties): Statement {
  if (Effect !== 'Allow' || Object.keys(others).length > 0) throw new Error(`Unknown parts: ${JSON.stringify(others)}`);
  const keys = Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'];
  if (Condition !== undefined && keys === undefined) throw new Error(`Unknown condition: ${JSON.stringify(Condition)}`);
  return {
    actions: [Action].flat(),
    resources: [Resource].flat().map(nameOf),
    ...(keys === undefined ? {} : { keys }),
  };
}

/** The logical id of a resource of the stack, or an ARN without what AWS fills in. */
function nameOf(resource: Properties | string): string {
  if (typeof resource === 'string') return resource;
  if (resource['Fn::GetAtt']) return resource['Fn::GetAtt'][0];
  return resource['Fn::Sub'].replaceAll(/\$\{AWS::\w+\}/g, '').replace('arn::', '');
}
