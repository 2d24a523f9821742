import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createDynamoStore } from '../../../lib/adapters/aws/dynamo-store.ts';
import type { Store } from '../../../lib/app/ports.ts';
import { type DynamoServer, startDynamo } from '../../fakes/aws/dynamo.ts';
import { type Answer, type FaultyProxy, type Intercept, startProxy } from '../../fakes/aws/proxy.ts';

const item = { partition: 'lease', sort: 'shop', order: 1, body: { holder: 'a' } };
const throttled: Answer = {
  status: 400,
  body: JSON.stringify({
    __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
    message: 'The level of configured provisioned throughput for the table was exceeded',
  }),
};

describe('the DynamoDB store', () => {
  let server: DynamoServer;
  let proxy: FaultyProxy;
  let store: Store;
  let intercept: Intercept;
  beforeEach(async () => {
    server = await startDynamo();
    await server.createTable('sluice');
    proxy = await startProxy(server.endpoint, (...request) => intercept(...request));
    intercept = (_action, _body, forward) => forward();
    store = createDynamoStore({ table: 'sluice', endpoint: proxy.endpoint, clock: Date.now });
  });
  afterEach(async () => {
    await proxy[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  /** The first put is done, and its answer lost; `between` is done before the SDK sends it again. */
  function loseTheFirstAnswer(between: () => Promise<unknown> = async () => undefined): void {
    let puts = 0;
    intercept = async (action, _body, forward) => {
      if (action !== 'PutItem') return await forward();
      puts += 1;
      if (puts > 1) return await forward();
      await forward();
      await between();
      return undefined;
    };
  }

  it('knows its own conditional write when the answer to it was lost', async () => {
    loseTheFirstAnswer();
    expect(await store.put(item, { absent: true })).toBe(true);
    expect(await store.get('lease', 'shop')).toEqual(item);
  });

  it("does not take another's write of the same for its own when the answer was lost", async () => {
    const other = createDynamoStore({ table: 'sluice', endpoint: server.endpoint, clock: Date.now });
    loseTheFirstAnswer(() => other.put(item, { orderBelow: 2 }));
    expect(await store.put(item, { absent: true })).toBe(false);
  });

  it('sends again what was throttled', async () => {
    let asked = 0;
    intercept = async (_action, _body, forward) => {
      asked += 1;
      return asked <= 2 ? throttled : await forward();
    };
    expect(await store.put(item)).toBe(true);
    expect(asked).toBe(3);
  });

  it('says what DynamoDB answered and what to do', async () => {
    const body = JSON.stringify({ __type: 'com.amazon.coral.service#AccessDeniedException', Message: 'not allowed' });
    intercept = async () => ({ status: 400, body });
    await expect(store.get('lease', 'shop')).rejects.toMatchObject({
      name: 'Failure',
      fault: 'server',
      code: 'AccessDeniedException',
      message: 'Cannot read from table "sluice": DynamoDB answered AccessDeniedException: not allowed',
      help: 'Allow the action to the role of this function',
    });
  });

  it('says that a table is not there', async () => {
    const elsewhere = createDynamoStore({ table: 'nothing', endpoint: server.endpoint, clock: Date.now });
    const failure = {
      fault: 'server',
      code: 'ResourceNotFoundException',
      help: 'Deploy the stack, or correct the name of the table',
    };
    await expect(elsewhere.put(item)).rejects.toMatchObject(failure);
    await expect(elsewhere.get('a', 'b')).rejects.toMatchObject(failure);
    await expect(elsewhere.delete('a', 'b')).rejects.toMatchObject(failure);
    await expect(elsewhere.query('a')).rejects.toMatchObject(failure);
  });

  it('says that a server does not answer', async () => {
    const nowhere = createDynamoStore({ table: 'sluice', endpoint: 'http://127.0.0.1:1', clock: Date.now });
    await expect(nowhere.get('a', 'b')).rejects.toMatchObject({
      fault: 'server',
      message: expect.stringContaining('Cannot read from table "sluice": DynamoDB '),
    });
  });
});
