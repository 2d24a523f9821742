import { describe } from 'vitest';

import { createDynamoStore } from '../../../lib/adapters/aws/dynamo-store.ts';
import { startDynamo } from '../../fakes/aws/dynamo.ts';
import { storeContract } from '../store-contract.ts';
import type { StoreUnderTest } from '../store-model.ts';

async function open(): Promise<StoreUnderTest> {
  const server = await startDynamo();
  await server.createTable('sluice');
  let now = Date.now();
  return {
    store: createDynamoStore({ table: 'sluice', endpoint: server.endpoint, clock: () => now }),
    now: () => now,
    advance: (milliseconds) => {
      now += milliseconds;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

describe('the DynamoDB store', () => storeContract(open, { histories: 30 }));
