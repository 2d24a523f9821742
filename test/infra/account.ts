import { type AwsCallSeen, type AwsReply, type AwsServices, startAwsServices } from '../fakes/aws/services.ts';

interface Stack {
  readonly status: string;
  readonly template: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly events: readonly string[];
}

/** An account of AWS as osls and we deploy to it: STS, S3, CloudFormation, and the names of secrets. */
export interface Account extends AsyncDisposable {
  readonly endpoint: string;
  readonly stacks: Map<string, Stack>;
  /** Keys of the deployment buckets. */
  readonly objects: Map<string, string>;
  /** Names of secrets and parameters that are there. */
  readonly secrets: Set<string>;
  /** `<service>:<action>`, each in order. */
  readonly calls: string[];
  /** Without it nobody is let in. */
  hasCredentials: boolean;
  /** What fails while a stack is created or updated: `<logical id> <type> <reason>`, newest last. */
  failures: readonly (readonly [id: string, type: string, reason: string])[];
}

const account = '123456789012';

export async function startAccount(): Promise<Account> {
  const calls: string[] = [];
  let changes: { stack: string; template: string } | undefined;

  function cloudFormation({ action, body }: AwsCallSeen): AwsReply {
    const form = new URLSearchParams(body);
    const name = nameOf(form.get('StackName') ?? '');
    const stack = world.stacks.get(name);
    const text = form.get('TemplateBody') ?? world.objects.get(keyOf(form.get('TemplateURL') ?? '')) ?? '';
    switch (action) {
      case 'CreateStack':
        put(name, text, 'CREATE_COMPLETE');
        return xml(action, `<StackId>${arnOf(name)}</StackId>`);
      case 'CreateChangeSet':
        changes = { stack: name, template: text };
        return xml(
          action,
          `<Id>arn:aws:cloudformation:eu-central-1:${account}:changeSet/c/1</Id><StackId>${arnOf(name)}</StackId>`,
        );
      case 'DescribeChangeSet': {
        const state = '<Status>CREATE_COMPLETE</Status><ExecutionStatus>AVAILABLE</ExecutionStatus>';
        return xml(action, `<StackId>${arnOf(name)}</StackId>${state}<Changes><member/></Changes>`);
      }
      case 'ExecuteChangeSet':
        if (changes !== undefined)
          put(changes.stack, changes.template, stack === undefined ? 'CREATE_COMPLETE' : 'UPDATE_COMPLETE');
        return xml(action, '');
      case 'DeleteStack':
        world.stacks.delete(name);
        return xml(action, '');
      case 'DeleteChangeSet':
      case 'ValidateTemplate':
        return xml(action, '');
    }
    if (stack === undefined) return refuse('ValidationError', `Stack with id ${name} does not exist`);
    if (action === 'DescribeStacks') return xml(action, `<Stacks>${describe(name, stack)}</Stacks>`);
    if (action === 'DescribeStackEvents')
      return xml(action, `<StackEvents>${stack.events.toReversed().join('')}</StackEvents>`);
    if (action === 'DescribeStackResource') {
      const detail = `<LogicalResourceId>ServerlessDeploymentBucket</LogicalResourceId><PhysicalResourceId>${name}-bucket</PhysicalResourceId><ResourceStatus>CREATE_COMPLETE</ResourceStatus><ResourceType>AWS::S3::Bucket</ResourceType>`;
      return xml(action, `<StackResourceDetail>${detail}</StackResourceDetail>`);
    }
    if (action === 'ListStackResources' || action === 'DescribeStackResources')
      return xml(action, '<StackResourceSummaries/><StackResources/>');
    if (action === 'GetTemplate') return xml(action, `<TemplateBody>${xmlText(stack.template)}</TemplateBody>`);
    return refuse('InvalidAction', `The stub does not know ${action}`);
  }

  function put(name: string, template: string, done: string): void {
    const first = done.replace('_COMPLETE', '');
    const { Outputs = {}, Resources = {} } = JSON.parse(template || '{}');
    const failed = Object.keys(Resources).length > 10 && world.failures.length > 0;
    const events = [
      eventOf(name, name, 'AWS::CloudFormation::Stack', `${first}_IN_PROGRESS`, 'User Initiated'),
      ...(failed ? world.failures.map(([id, type, reason]) => eventOf(name, id, type, `${first}_FAILED`, reason)) : []),
      eventOf(
        name,
        name,
        'AWS::CloudFormation::Stack',
        failed ? `${first}_ROLLBACK_COMPLETE`.replace('CREATE_', '') : done,
        '',
      ),
    ];
    const outputs = Object.entries(Outputs as Record<string, { Value: unknown }>).map(([key, { Value }]) => [
      key,
      outputOf(name, Value),
    ]);
    world.stacks.set(name, {
      status: failed ? `${first}_ROLLBACK_COMPLETE`.replace('CREATE_', '') : done,
      template,
      outputs: Object.fromEntries(outputs),
      events: [...(world.stacks.get(name)?.events ?? []), ...events],
    });
  }

  function s3({ method, path, query, body }: AwsCallSeen): AwsReply {
    const key = decodeURIComponent(path.slice(1));
    if (method === 'PUT') {
      world.objects.set(key, body);
      return { headers: { etag: '"1"' } };
    }
    if (method === 'HEAD') return {};
    if (method === 'POST' && query.has('delete')) {
      for (const [, found = ''] of body.matchAll(/<Key>([^<]+)</g))
        world.objects.delete(`${key.split('/')[0]}/${found}`);
      return { headers: { 'content-type': 'application/xml' }, body: '<DeleteResult/>' };
    }
    if (query.has('list-type')) {
      const contents = [...world.objects.keys()].map(
        (found) => `<Contents><Key>${xmlText(found.split('/').slice(1).join('/'))}</Key></Contents>`,
      );
      return {
        headers: { 'content-type': 'application/xml' },
        body: `<ListBucketResult>${contents.join('')}</ListBucketResult>`,
      };
    }
    const found = world.objects.get(key);
    return found === undefined
      ? { status: 404, body: '<Error><Code>NoSuchKey</Code></Error>' }
      : { headers: { etag: '"1"' }, body: found };
  }

  function answer(call: AwsCallSeen): AwsReply {
    const { service, action, method } = call;
    calls.push(`${service}:${action || method}`);
    if (!world.hasCredentials)
      return refuse('InvalidClientTokenId', 'The security token included in the request is invalid');
    if (service === 'sts')
      return xml(action, `<Account>${account}</Account><Arn>arn:aws:iam::${account}:user/ada</Arn><UserId>A</UserId>`);
    if (service === 'cloudformation') return cloudFormation(call);
    if (service === 's3') return s3(call);
    if (action === 'DescribeSecret') {
      return world.secrets.has(JSON.parse(call.body).SecretId)
        ? { body: '{}' }
        : { status: 400, body: '{"__type":"ResourceNotFoundException"}' };
    }
    if (action === 'DescribeParameters') {
      const [{ Values }] = JSON.parse(call.body).ParameterFilters;
      return { body: JSON.stringify({ Parameters: world.secrets.has(Values[0]) ? [{ Name: Values[0] }] : [] }) };
    }
    if (service === 'ecr') return { status: 400, body: '{"__type":"RepositoryNotFoundException"}' };
    return refuse('InvalidAction', `The stub does not know ${service} ${action} ${method}`);
  }

  const server: AwsServices = await startAwsServices(answer);
  const world: Account = {
    endpoint: server.endpoint,
    stacks: new Map(),
    objects: new Map(),
    secrets: new Set(),
    calls,
    hasCredentials: true,
    failures: [],
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
  return world;
}

function outputOf(stack: string, value: unknown): string {
  if (typeof value === 'string') return value;
  const text = JSON.stringify(value);
  if (text.includes('execute-api')) return 'https://abc123.execute-api.eu-central-1.amazonaws.com';
  const [, layer] = /"Ref":"(\w+)LambdaLayer/.exec(text) ?? [];
  return layer === undefined
    ? `${stack}-output`
    : `arn:aws:lambda:eu-central-1:${account}:layer:${stack}-${layer.toLowerCase()}:7`;
}

function describe(name: string, { status, outputs }: Stack): string {
  const members = Object.entries(outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${xmlText(value)}</OutputValue></member>`,
  );
  return `<member><StackName>${name}</StackName><StackId>${arnOf(name)}</StackId><StackStatus>${status}</StackStatus><CreationTime>2026-11-01T00:00:00Z</CreationTime><Outputs>${members.join('')}</Outputs></member>`;
}

let events = 0;

function eventOf(stack: string, id: string, type: string, status: string, reason: string): string {
  events++;
  return `<member><EventId>${events}</EventId><StackName>${stack}</StackName><StackId>${arnOf(stack)}</StackId><LogicalResourceId>${id}</LogicalResourceId><PhysicalResourceId>${id}</PhysicalResourceId><ResourceType>${type}</ResourceType><Timestamp>${new Date().toISOString()}</Timestamp><ResourceStatus>${status}</ResourceStatus><ResourceStatusReason>${xmlText(reason)}</ResourceStatusReason></member>`;
}

function nameOf(stack: string): string {
  return /stack\/([^/]+)\//.exec(stack)?.[1] ?? stack;
}

function arnOf(stack: string): string {
  return `arn:aws:cloudformation:eu-central-1:${account}:stack/${stack}/1`;
}

function keyOf(url: string): string {
  const { pathname = '/', hostname = '' } = URL.parse(url) ?? {};
  const [, bucket] = /^(.+)\.s3[.-]/.exec(hostname) ?? [];
  return decodeURIComponent(bucket === undefined ? pathname.slice(1) : `${bucket}${pathname}`);
}

function xml(action: string, result: string): AwsReply {
  const body = `<${action}Response><${action}Result>${result}</${action}Result><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></${action}Response>`;
  return { headers: { 'content-type': 'text/xml' }, body };
}

function refuse(code: string, message: string): AwsReply {
  const body = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${xmlText(message)}</Message></Error><RequestId>1</RequestId></ErrorResponse>`;
  return { status: 400, headers: { 'content-type': 'text/xml' }, body };
}

function xmlText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
