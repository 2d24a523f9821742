import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createSqsQueue } from '../../../lib/adapters/aws/sqs-queue.ts';
import type { Message, Queue, QueueName } from '../../../lib/app/ports.ts';
import { type Answer, type FaultyProxy, type Intercept, startProxy } from '../../fakes/aws/proxy.ts';
import { type SqsServer, startSqs } from '../../fakes/aws/sqs.ts';

interface Batch {
  readonly Entries: readonly { readonly Id: string; readonly MessageBody: string }[];
}

describe('the SQS queue', () => {
  let server: SqsServer;
  let proxy: FaultyProxy;
  let queue: Queue;
  let intercept: Intercept;
  let batches: string[][];
  let urls: Record<QueueName, string>;
  beforeEach(async () => {
    server = await startSqs();
    const created = await server.createQueues();
    urls = created.urls;
    proxy = await startProxy(server.endpoint, (...request) => intercept(...request));
    intercept = (_action, _body, forward) => forward();
    queue = createSqsQueue({ ...created, endpoint: proxy.endpoint });
    batches = [];
  });
  afterEach(async () => {
    await proxy[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  /** Refuses the entries with these bodies as often as told; the rest of their batch is taken. */
  function refuse(bodies: readonly string[], times: number): void {
    const refusals = new Map<string, number>();
    intercept = async (action, body, forward) => {
      if (action !== 'SendMessageBatch') return await forward();
      const { Entries } = JSON.parse(body) as Batch;
      batches.push(Entries.map(({ MessageBody }) => MessageBody));
      const refused = Entries.filter(({ MessageBody }) => {
        const count = refusals.get(MessageBody) ?? 0;
        refusals.set(MessageBody, count + 1);
        return bodies.includes(MessageBody) && count < times;
      });
      const taken = Entries.filter((entry) => !refused.includes(entry));
      const answer =
        taken.length === 0 ? undefined : await forward(JSON.stringify({ ...JSON.parse(body), Entries: taken }));
      const Successful = answer === undefined ? [] : JSON.parse(answer.body).Successful;
      const why = { Code: 'InternalError', Message: 'try later', SenderFault: false };
      const Failed = refused.map(({ Id }) => ({ Id, ...why }));
      return { status: 200, body: JSON.stringify({ Successful, Failed }) };
    };
  }

  const grouped = (count: number) =>
    Array.from({ length: count }, (_, body) => ({ body, group: `g${body}`, deduplicationId: 'd' }));

  it('sends entries that were refused again, and only those', async () => {
    refuse(['3', '7'], 2);
    await queue.send('sync', grouped(10));
    expect(batches.slice(1)).toEqual([
      ['3', '7'],
      ['3', '7'],
    ]);
    expect(await queue.depth('sync')).toEqual({ waiting: 10, inFlight: 0, dead: 0 });
  });

  it('counts the messages that were not taken when SQS goes on refusing', async () => {
    refuse(['3', '17'], 99);
    await expect(queue.send('sync', grouped(25))).rejects.toMatchObject({
      name: 'Failure',
      fault: 'server',
      message: 'Cannot send 2 of 25 messages to queue "sync": SQS answered InternalError: try later',
    });
    expect(await queue.depth('sync')).toEqual({ waiting: 23, inFlight: 0, dead: 0 });
  });

  it('sends nothing more of a group after what was refused of it', async () => {
    refuse(['"a1"'], 99);
    const sent = queue.send('sync', [
      { body: 'a1', group: 'a' },
      { body: 'b1', group: 'b' },
      { body: 'a2', group: 'a' },
    ]);
    await expect(sent).rejects.toMatchObject({ message: expect.stringContaining('Cannot send 2 of 3 messages') });
    expect(batches.flat()).not.toContain('"a2"');
  });

  it('sends a message once when the answer to it was lost', async () => {
    let lost = false;
    intercept = async (action, _body, forward) => {
      const answer = await forward();
      if (action !== 'SendMessageBatch' || lost) return answer;
      lost = true;
      return undefined;
    };
    await queue.send('sync', [{ body: 1, group: 'a' }]);
    expect(lost).toBe(true);
    expect(await queue.depth('sync')).toEqual({ waiting: 1, inFlight: 0, dead: 0 });
  });

  it.each(['ReceiptHandleIsInvalid', 'InvalidParameterValue', 'MessageNotInflight'])(
    'a receipt that is answered with %s is not ours',
    async (name) => {
      const answer: Answer = {
        status: 400,
        body: JSON.stringify({ __type: `com.amazonaws.sqs#${name}`, message: 'no' }),
      };
      intercept = async () => answer;
      const message: Message = { id: '1', queue: 'sync', body: 1, receipt: 'old', receiveCount: 1 };
      expect(await queue.extend(message, 60)).toBe(false);
      await queue.acknowledge(message);
    },
  );

  it('says what SQS answered and what to do', async () => {
    const body = JSON.stringify({ __type: 'com.amazonaws.sqs#AccessDenied', message: 'not allowed' });
    intercept = async () => ({ status: 403, body });
    const message: Message = { id: '1', queue: 'sync', body: 1, receipt: 'r', receiveCount: 1 };
    const failure = { fault: 'server', code: 'AccessDenied', help: 'Allow the action to the role of this function' };
    const what = (text: string) => ({ ...failure, message: `${text}: SQS answered AccessDenied: not allowed` });
    await expect(queue.send('sync', grouped(3))).rejects.toMatchObject(
      what('Cannot send 3 of 3 messages to queue "sync"'),
    );
    await expect(queue.receive('sync', { limit: 1, waitSeconds: 0, visibilitySeconds: 1 })).rejects.toMatchObject(
      what('Cannot receive from queue "sync"'),
    );
    await expect(queue.extend(message, 1)).rejects.toMatchObject(what('Cannot keep message "1" of queue "sync"'));
    await expect(queue.acknowledge(message)).rejects.toMatchObject(
      what('Cannot acknowledge message "1" of queue "sync"'),
    );
    await expect(queue.depth('sync')).rejects.toMatchObject(what('Cannot count the messages of queue "sync"'));
  });

  it('asks for one message of a FIFO queue at a time, since an answer with more may hold several of a group', async () => {
    const asked: { readonly MaxNumberOfMessages: number; readonly WaitTimeSeconds: number }[] = [];
    intercept = async (action, body, forward) => {
      if (action === 'ReceiveMessage') asked.push(JSON.parse(body));
      return await forward();
    };
    await queue.send('sync', grouped(4));
    expect(await queue.receive('sync', { limit: 3, waitSeconds: 2, visibilitySeconds: 30 })).toHaveLength(3);
    expect(asked.map(({ MaxNumberOfMessages, WaitTimeSeconds }) => [MaxNumberOfMessages, WaitTimeSeconds])).toEqual([
      [1, 2],
      [1, 0],
      [1, 0],
    ]);
  });

  it('gives text that is no JSON as it is, for the reader to refuse', async () => {
    await server.client.send(new SendMessageCommand({ QueueUrl: urls.check, MessageBody: 'not json {' }));
    const options = { limit: 1, waitSeconds: 0, visibilitySeconds: 1 };
    expect(await queue.receive('check', options)).toMatchObject([{ body: 'not json {', receiveCount: 1 }]);
  });

  it('a queue whose URL was not given is a programming error', async () => {
    const partial = createSqsQueue({ urls: {}, endpoint: server.endpoint });
    await expect(partial.send('sync', [])).rejects.toBeInstanceOf(TypeError);
  });
});
