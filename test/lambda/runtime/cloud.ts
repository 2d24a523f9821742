import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { type DynamoServer, startDynamo } from '../../fakes/aws/dynamo.ts';
import { type AwsCallSeen, type AwsReply, startAwsServices } from '../../fakes/aws/services.ts';
import { type SqsServer, startSqs } from '../../fakes/aws/sqs.ts';
import type { Packaged, Properties } from '../../infra/packaged.ts';
import { actionOf, allows, resourceOf } from './access.ts';

/** AWS on loopback, as far as the functions ask for it: real queues and a real table, and the roles of the packaged template in force. */
export interface Cloud extends AsyncDisposable {
  readonly endpoint: string;
  readonly sqs: SqsServer;
  readonly dynamo: DynamoServer;
  /** Addresses of the queues by their logical ids, as the functions see them; `behind` is what they are in `sqs`. */
  queueUrl(name: string): string;
  behind(name: string): string;
  readonly table: string;
  readonly secrets: Map<string, string>;
  readonly objects: Map<string, string>;
  /** What the roles of the functions did not allow; each was refused. */
  readonly denied: string[];
  /** Of messages that workers keep hidden. */
  readonly receipts: Set<string>;
  /** Requests so far, by `<service>:<action>`. */
  readonly calls: string[];
  /** Ends every connection of the functions. */
  cut(): void;
  /** Decides on an answer in the place of a service, while it is set. */
  fault: ((call: AwsCallSeen, role: string) => AwsReply | 'cut' | undefined) | undefined;
}

const table = 'sluice-table';

export async function startCloud(template: Packaged, holds: readonly string[]): Promise<Cloud> {
  const [dynamo, sqs] = await Promise.all([startDynamo(), startSqs()]);
  await dynamo.createTable(table);
  const secrets = new Map<string, string>();
  const objects = new Map<string, string>();
  const denied: string[] = [];
  const calls: string[] = [];
  const receipts = new Set<string>();
  const names = Object.entries(template.resources).filter(([, { Type }]) => Type === 'AWS::SQS::Queue');
  for (const [name, { Properties }] of names.toSorted(
    ([a], [b]) => Number(b.includes('Dead')) - Number(a.includes('Dead')),
  )) {
    await sqs.client.send(
      new CreateQueueCommand({
        QueueName: queueName(name, Properties),
        Attributes: attributesOf(Properties, template),
      }),
    );
  }

  async function answer(call: AwsCallSeen): Promise<AwsReply | undefined> {
    const [, role = ''] = /Credential=([^/]+)\//.exec(call.headers.authorization ?? '') ?? [];
    const action = actionOf(call);
    calls.push(action);
    if (action === 'sqs:ChangeMessageVisibility') receipts.add(JSON.parse(call.body).ReceiptHandle);
    const fault = cloud.fault?.(call, role);
    if (fault !== undefined) return fault === 'cut' ? undefined : fault;
    const resource = resourceOf(call, table);
    if (!allows(template, role, holds, { action, ...resource })) {
      denied.push(`${role} ${action} ${resource.resource} ${resource.key ?? ''}`);
      return refuse(400, 'AccessDeniedException', `${role} may not ${action}`);
    }
    if (call.service === 'dynamodb') return await forward(dynamo.endpoint, call);
    if (call.service === 'sqs') return await forward(sqs.endpoint, call, server.endpoint);
    if (call.service === 's3') return object(objects.get(resource.resource), call);
    return secret(secrets.get(String(JSON.parse(call.body).SecretId ?? JSON.parse(call.body).Name)), call);
  }

  const server = await startAwsServices(answer);
  const cloud: Cloud = {
    endpoint: server.endpoint,
    sqs,
    dynamo,
    queueUrl: (name) => `${server.endpoint}/000000000000/${nameIn(template, name)}`,
    behind: (name) => `${sqs.endpoint}/000000000000/${nameIn(template, name)}`,
    table,
    secrets,
    objects,
    denied,
    calls,
    receipts,
    cut: server.cut,
    fault: undefined,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await Promise.all([dynamo[Symbol.asyncDispose](), sqs[Symbol.asyncDispose]()]);
    },
  };
  return cloud;
}

export function refuse(status: number, type: string, message = type): AwsReply {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({ __type: type, message }),
  };
}

function nameIn(template: Packaged, name: string): string {
  return queueName(name, template.resources[name]?.Properties ?? {});
}

function queueName(name: string, { FifoQueue }: Properties): string {
  return FifoQueue ? `${name}.fifo` : name;
}

function attributesOf({ RedrivePolicy, ...properties }: Properties, template: Packaged): Record<string, string> {
  const attributes = Object.entries(properties)
    .filter(([key]) => ['FifoQueue', 'ContentBasedDeduplication', 'VisibilityTimeout'].includes(key))
    .map(([key, value]) => [key, String(value)]);
  if (RedrivePolicy === undefined) return Object.fromEntries(attributes);
  const dead = nameIn(template, RedrivePolicy.deadLetterTargetArn['Fn::GetAtt'][0]);
  const policy = { ...RedrivePolicy, deadLetterTargetArn: `arn:aws:sqs:eu-central-1:000000000000:${dead}` };
  return { ...Object.fromEntries(attributes), RedrivePolicy: JSON.stringify(policy) };
}

async function forward(to: string, { body, path, headers }: AwsCallSeen, own = to): Promise<AwsReply> {
  const kept = ['content-type', 'x-amz-target', 'authorization', 'x-amz-date'].map((name) => [
    name,
    String(headers[name]),
  ]);
  const answer = await fetch(to + path, {
    method: 'POST',
    headers: Object.fromEntries(kept),
    body: body.replaceAll(own, to),
  });
  return {
    status: answer.status,
    headers: { 'content-type': String(headers['content-type']) },
    body: await answer.text(),
  };
}

function object(text: string | undefined, { headers }: AwsCallSeen): AwsReply {
  if (text === undefined) return { status: 404, body: '<Error><Code>NoSuchKey</Code></Error>' };
  const etag = `"${Buffer.from(text).toString('base64url').slice(-20)}${text.length}"`;
  return headers['if-none-match'] === etag ? { status: 304 } : { headers: { etag }, body: text };
}

function secret(value: string | undefined, { service }: AwsCallSeen): AwsReply {
  if (value === undefined) return refuse(400, service === 'ssm' ? 'ParameterNotFound' : 'ResourceNotFoundException');
  return { body: JSON.stringify(service === 'ssm' ? { Parameter: { Value: value } } : { SecretString: value }) };
}
