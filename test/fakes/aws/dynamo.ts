import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';

import { useTestCredentials } from './credentials.ts';

export interface DynamoServer extends AsyncDisposable {
  readonly endpoint: string;
  readonly client: DynamoDBClient;
  /** A table as the store wants it. */
  createTable(name: string): Promise<void>;
}

/** dynalite on a free port of loopback. It has no time to live, no transactions, and does not throttle. */
export async function startDynamo(): Promise<DynamoServer> {
  useTestCredentials();
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0 }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new DynamoDBClient({ endpoint });
  return {
    endpoint,
    client,
    async createTable(name) {
      await client.send(
        new CreateTableCommand({
          TableName: name,
          BillingMode: 'PAY_PER_REQUEST',
          AttributeDefinitions: [
            { AttributeName: 'partition', AttributeType: 'S' },
            { AttributeName: 'sort', AttributeType: 'S' },
          ],
          KeySchema: [
            { AttributeName: 'partition', KeyType: 'HASH' },
            { AttributeName: 'sort', KeyType: 'RANGE' },
          ],
        }),
      );
      await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 0.05, maxDelay: 0.1 }, { TableName: name });
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
