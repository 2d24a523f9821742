import type { AttributeValue } from '@aws-sdk/client-dynamodb';

import type { Condition, QueryOptions } from '../../app/ports.ts';

/** The names are reserved words of DynamoDB, or may become so. */
const partitionName = { '#partition': 'partition' };
const sortName = { '#sort': 'sort' };
const orderName = { '#order': 'order' };
const expiryName = { '#expiresAt': 'expiresAt' };

/** DynamoDB removes an expired item within days: until then it is told by its time. An item without a time fulfils no comparison. */
const live = '(attribute_not_exists(#expiresAt) OR #expiresAt >= :now)';
const gone = '(attribute_not_exists(#partition) OR #expiresAt < :now)';

interface ConditionExpression {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Record<string, AttributeValue>;
}

/** `now` is in epoch seconds. */
export function putCondition(condition: Condition, now: number): ConditionExpression {
  const values = { ':now': { N: String(now) } };
  if ('absent' in condition) {
    return {
      ConditionExpression: gone,
      ExpressionAttributeNames: { ...partitionName, ...expiryName },
      ExpressionAttributeValues: values,
    };
  }
  if ('orderIs' in condition) {
    return {
      ConditionExpression: `#order = :is AND ${live}`,
      ExpressionAttributeNames: { ...orderName, ...expiryName },
      ExpressionAttributeValues: { ...values, ':is': { N: String(condition.orderIs) } },
    };
  }
  return {
    ConditionExpression: `${gone} OR #order < :below`,
    ExpressionAttributeNames: { ...partitionName, ...orderName, ...expiryName },
    ExpressionAttributeValues: { ...values, ':below': { N: String(condition.orderBelow) } },
  };
}

/** What is gone already is gone after the call: a delete that was sent twice has the same answer twice. */
export function deleteCondition(orderIs: number, now: number): ConditionExpression {
  return {
    ConditionExpression: `${gone} OR #order = :is`,
    ExpressionAttributeNames: { ...partitionName, ...orderName, ...expiryName },
    ExpressionAttributeValues: { ':now': { N: String(now) }, ':is': { N: String(orderIs) } },
  };
}

/** The live items of a partition whose `sort` begins with `prefix`. */
export function rangeExpression(partition: string, prefix: string, now: number) {
  const begins = prefix === '' ? '' : ' AND begins_with(#sort, :prefix)';
  return {
    KeyConditionExpression: `#partition = :partition${begins}`,
    FilterExpression: live,
    ExpressionAttributeNames: { ...partitionName, ...expiryName, ...(prefix === '' ? {} : sortName) },
    ExpressionAttributeValues: {
      ':partition': { S: partition },
      ':now': { N: String(now) },
      ...(prefix === '' ? {} : { ':prefix': { S: prefix } }),
    },
  };
}

/**
 * Where a query begins: behind the `sort` that is returned, at the first item, or nowhere since nothing of the range is behind `after`.
 * DynamoDB refuses a start key outside the range that is asked for.
 */
export function rangeStart({
  prefix = '',
  after,
  descending = false,
}: QueryOptions): 'first' | 'nowhere' | { sort: string } {
  if (after === undefined) return 'first';
  if (after !== '' && after.startsWith(prefix)) return { sort: after };
  const isBefore = after === '' || Buffer.compare(Buffer.from(after), Buffer.from(prefix)) < 0;
  return isBefore === descending ? 'nowhere' : 'first';
}
