import { randomBytes } from 'node:crypto';

import {
  type AttributeValue,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  type PutItemCommandInput,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';

import type { Clock, Item, Store } from '../../app/ports.ts';
import { Failure } from '../../domain/failure.ts';
import { decodeBody, encodeBody } from '../item-body.ts';
import { awsFailure, errorName } from './aws-failure.ts';
import { type Connections, timeouts } from './connections.ts';
import { deleteCondition, putCondition, rangeExpression, rangeStart } from './dynamo-expression.ts';

type Attributes = Record<string, AttributeValue>;

export interface DynamoStoreOptions {
  /** A table with the keys `partition` (hash) and `sort` (range), both strings, and `expiresAt` as its time to live. */
  readonly table: string;
  readonly clock: Clock;
  /** Default connections of its own. */
  readonly connections?: Connections;
  /** Another server than that of the region. */
  readonly endpoint?: string;
}

const defaultLimit = 100;
/** 7 seconds of throttling: a webhook's sender waits for ten (facts/webhooks.md §1). */
const maximumAttempts = 4;

/**
 * The `Store` in one DynamoDB table. Beside its keys an item has `order` (N), `body` (B, item-body.ts), `expiresAt` (N) and, if it was
 * written under a condition, `write` (B, random). Credentials and region come by the SDK's own chain.
 */
export function createDynamoStore({ table, clock, connections, endpoint }: DynamoStoreOptions): Store {
  const client = new DynamoDBClient({
    retryMode: 'adaptive',
    maxAttempts: maximumAttempts,
    requestHandler: connections?.handler ?? timeouts,
    ...(endpoint === undefined ? {} : { endpoint }),
  });

  /** Epoch seconds, with their fraction. */
  function now(): number {
    return clock() / 1000;
  }

  async function answered<T>(what: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw error instanceof Failure ? error : awsFailure(`Cannot ${what} table "${table}"`, 'DynamoDB', error);
    }
  }

  async function read(partition: string, sort: string): Promise<Attributes | undefined> {
    const command = new GetItemCommand({ TableName: table, Key: key(partition, sort), ConsistentRead: true });
    return await answered('read from', async () => (await client.send(command)).Item);
  }

  /**
   * False if the condition did not hold. A request whose answer got lost is sent again by the SDK and may then meet its own write,
   * which the random `write` tells from another's.
   */
  async function putIf(input: PutItemCommandInput & { Item: Attributes }, { partition, sort }: Item): Promise<boolean> {
    const write = randomBytes(12);
    try {
      await client.send(new PutItemCommand({ ...input, Item: { ...input.Item, write: { B: write } } }));
      return true;
    } catch (error) {
      if (errorName(error) !== conditionFailed) throw error;
      if (attempts(error) === 1) return false;
      const found = (await read(partition, sort))?.write?.B;
      return found !== undefined && write.equals(found);
    }
  }

  return {
    async get(partition, sort) {
      const found = await read(partition, sort);
      if (found === undefined || Number(found.expiresAt?.N ?? Infinity) < now()) return undefined;
      return await fromAttributes(found);
    },

    async put(item, condition) {
      const input = { TableName: table, Item: await toAttributes(item) };
      return await answered('write to', async () => {
        if (condition !== undefined) return await putIf({ ...input, ...putCondition(condition, now()) }, item);
        await client.send(new PutItemCommand(input));
        return true;
      });
    },

    async delete(partition, sort, condition) {
      const guard = condition === undefined ? {} : deleteCondition(condition.orderIs, now());
      const command = new DeleteItemCommand({ TableName: table, Key: key(partition, sort), ...guard });
      return await answered('delete from', async () => {
        try {
          await client.send(command);
          return true;
        } catch (error) {
          if (errorName(error) === conditionFailed) return false;
          throw error;
        }
      });
    },

    async query(partition, options = {}) {
      const { prefix = '', limit = defaultLimit, descending = false } = options;
      const start = rangeStart(options);
      if (start === 'nowhere') return [];
      const found: Attributes[] = [];
      let next = start === 'first' ? undefined : key(partition, start.sort);
      while (found.length < limit) {
        const command = new QueryCommand({
          TableName: table,
          ...rangeExpression(partition, prefix, now()),
          ConsistentRead: true,
          ScanIndexForward: !descending,
          Limit: limit - found.length,
          ExclusiveStartKey: next,
        });
        const page = await answered('read from', () => client.send(command));
        found.push(...(page.Items ?? []));
        next = page.LastEvaluatedKey;
        if (next === undefined) break;
      }
      return await Promise.all(found.map(fromAttributes));
    },
  };
}

const conditionFailed = 'ConditionalCheckFailedException';

/** How often the SDK had sent the request when this was its answer. */
function attempts(error: unknown): number {
  const metadata = (error as { $metadata?: { attempts?: number } }).$metadata;
  return metadata?.attempts ?? 1;
}

function key(partition: string, sort: string): Attributes {
  return { partition: { S: partition }, sort: { S: sort } };
}

async function toAttributes(item: Item): Promise<Attributes> {
  return {
    ...key(item.partition, item.sort),
    order: { N: String(item.order) },
    body: { B: await encodeBody(item) },
    ...(item.expiresAt === undefined ? {} : { expiresAt: { N: String(item.expiresAt) } }),
  };
}

async function fromAttributes({ partition, sort, order, body, expiresAt }: Attributes): Promise<Item> {
  if (partition?.S === undefined || sort?.S === undefined || order?.N === undefined || body?.B === undefined) {
    throw new Failure('server', `Cannot read item "${partition?.S}" "${sort?.S}": it was not written by Sluice`);
  }
  return {
    partition: partition.S,
    sort: sort.S,
    order: Number(order.N),
    body: await decodeBody(body.B),
    ...(expiresAt?.N === undefined ? {} : { expiresAt: Number(expiresAt.N) }),
  };
}
