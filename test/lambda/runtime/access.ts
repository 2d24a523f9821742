import type { AwsCallSeen } from '../../fakes/aws/services.ts';
import type { Packaged } from '../../infra/packaged.ts';
import { statementsOf } from '../../infra/policy.ts';

export interface Asked {
  readonly action: string;
  readonly resource: string;
  /** Of the table: the partition. */
  readonly key?: string | undefined;
}

/** Whether the statements of a role allow it, by the rules of IAM as far as the template uses them. */
export function allows(template: Packaged, role: string, holds: readonly string[], asked: Asked): boolean {
  return statementsOf(template, role, holds).some(
    ({ actions, resources, keys }) =>
      actions.includes(asked.action) &&
      resources.some((pattern) => isLike(asked.resource, pattern)) &&
      (keys === undefined || keys.some((pattern) => isLike(asked.key ?? '', pattern))),
  );
}

/** The action that IAM knows: a batch of messages is allowed as one. */
export function actionOf({ service, action, method }: AwsCallSeen): string {
  if (service === 's3') return `s3:${method === 'GET' ? 'GetObject' : method}`;
  return `${service}:${service === 'sqs' ? action.replace(/Batch$/, '') : action}`;
}

/** What is asked for, as the tests of the roles name it. */
export function resourceOf({ service, body, path }: AwsCallSeen, table: string): Pick<Asked, 'resource' | 'key'> {
  if (service === 's3') return { resource: `s3:::${decodeURIComponent(path.slice(1))}` };
  const asked = JSON.parse(body);
  if (service === 'dynamodb') {
    const { partition } = asked.Key ?? asked.Item ?? { partition: asked.ExpressionAttributeValues[':partition'] };
    return { resource: asked.TableName === table ? 'Table' : asked.TableName, key: partition.S };
  }
  if (service === 'sqs') return { resource: String(asked.QueueUrl).split('/').at(-1)?.replace('.fifo', '') ?? '' };
  if (service === 'ssm') return { resource: `ssm:::parameter${asked.Name}` };
  return { resource: `secretsmanager:::secret:${asked.SecretId}-AbCdEf` };
}

function isLike(text: string, pattern: string): boolean {
  const parts = pattern.split('*').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}
