import { expect, it } from 'vitest';
import { createEksLogin } from '../../../lib/adapters/aws/eks-login.ts';
import { eksContext } from '../../../lib/adapters/cluster/eks.ts';
import type { AwsReply } from '../../fakes/aws/services.ts';
import { refusal } from '../../parts/connect.ts';
import { startAws } from './client.ts';

const cluster = { name: 'blue', region: 'us-east-2' };
const roleArn = 'arn:aws:iam::123456789012:role/sluice-deployer';
const described = {
  cluster: { endpoint: 'https://blue.example', certificateAuthority: { data: 'Q0E=' }, status: 'ACTIVE' },
};
const assumed =
  '<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>k</SecretAccessKey><SessionToken>t+/=</SessionToken></Credentials></AssumeRoleResult></AssumeRoleResponse>';

async function start(replies: Readonly<Record<string, AwsReply>> = {}) {
  const state = { now: 1_000_000 };
  const { client, aws } = await startAws(({ service }) => {
    return replies[service] ?? { body: service === 'sts' ? assumed : JSON.stringify(described) };
  });
  return { state, aws, login: createEksLogin(client, () => state.now) };
}

/** The presigned address that a token is. */
function addressOf(token: string): URL {
  expect(token).toMatch(/^k8s-aws-v1\.[\w-]+$/);
  return new URL(Buffer.from(token.replace('k8s-aws-v1.', ''), 'base64url').toString());
}

it('a token is a presigned GetCallerIdentity, bound to the cluster and to its region', async () => {
  const { login, aws } = await start();
  const { token, ...access } = await login(cluster);
  expect(access).toEqual({ server: 'https://blue.example', certificateAuthority: 'Q0E=' });
  const { searchParams: query } = addressOf(token);
  expect(Object.fromEntries(query)).toMatchObject({
    Action: 'GetCallerIdentity',
    Version: '2011-06-15',
    'X-Amz-Expires': '60',
    'X-Amz-SignedHeaders': 'host;x-k8s-aws-id',
    'X-Amz-Credential': expect.stringMatching(/^test\/\d{8}\/us-east-2\/sts\/aws4_request$/),
  });
  expect(aws.calls).toMatchObject([{ service: 'eks', method: 'GET', path: '/clusters/blue' }]);
});

it('with roleArn the description and the token are those of the role', async () => {
  const { login, aws } = await start();
  const { token } = await login({ ...cluster, roleArn });
  expect(aws.calls.map(({ service }) => service)).toEqual(['sts', 'eks']);
  expect(new URLSearchParams(aws.calls[0]?.body).get('RoleArn')).toBe(roleArn);
  expect(aws.calls[1]?.headers.authorization).toContain('Credential=ASIA/');
  const { searchParams: query } = addressOf(token);
  expect(query.get('X-Amz-Credential')).toMatch(/^ASIA\//);
  expect(query.get('X-Amz-Security-Token')).toBe('t+/=');
});

it('the description is kept for five minutes, the token is a new one each time', async () => {
  const { login, aws, state } = await start();
  await login(cluster);
  state.now += 299_000;
  await login(cluster);
  expect(aws.calls).toHaveLength(1);
  state.now += 1000;
  await login(cluster);
  expect(aws.calls).toHaveLength(2);
});

it.each([
  ['eks', { status: 404, body: '{"__type":"ResourceNotFoundException"}' }, 'missing', 'there is none in us-east-2'],
  ['eks', { body: '{"cluster":{"endpoint":null,"status":"CREATING"}}' }, 'missing', 'it is not ready: CREATING'],
  [
    'sts',
    { status: 403, body: '<Code>AccessDenied</Code>' },
    'missing',
    `${roleArn} may not be assumed, or may not describe it`,
  ],
  [
    'sts',
    { status: 403, body: '<Code>ExpiredToken</Code><Message>m</Message>' },
    'server',
    'AWS answered ExpiredToken: m',
  ],
  ['sts', { body: '<x/>' }, 'server', 'AWS answers without credentials'],
])('when %s answers %j the Failure is %s: %s', async (service, reply, fault, found) => {
  const { login } = await start({ [service]: reply });
  expect(await refusal(login({ ...cluster, roleArn }))).toMatchObject({
    fault,
    message: expect.stringContaining(found),
  });
});

it('an EKS cluster has the same account whatever its token', () => {
  const access = { server: 'https://blue.example', certificateAuthority: 'Q0E=' };
  const [first, second] = ['a', 'b'].map((token) => eksContext(cluster, { ...access, token }).credentials);
  expect([first?.account, first?.authorization]).toEqual([second?.account, 'Bearer a']);
  expect(eksContext({ ...cluster, roleArn }, { ...access, token: 'a' }).credentials.account).not.toBe(first?.account);
});
