import * as z from 'zod/mini';
import type { Clock } from '../../app/ports.ts';
import { Failure } from '../../domain/failure.ts';
import type { EksCluster, EksLogin } from '../cluster/eks.ts';
import { awsFailure, errorName } from './aws-failure.ts';
import type { AwsClient, AwsCredentials } from './aws-request.ts';

const keptMs = 300_000;
/** A presigned address counts for a quarter of an hour, whatever it says itself; 60 s is what the server insists on. */
const presignedSeconds = 60;

const Description = z.object({
  cluster: z.object({
    endpoint: z.optional(z.nullable(z.string())),
    certificateAuthority: z.optional(z.nullable(z.object({ data: z.string() }))),
    status: z.optional(z.nullable(z.string())),
  }),
});

/**
 * Logs in to EKS as `aws eks get-token` does, in this process: the token is a presigned `GetCallerIdentity`, bound to the cluster by a header
 * (https://github.com/kubernetes-sigs/aws-iam-authenticator, "API Authorization from Outside a Cluster"). With `roleArn` both the description of the cluster
 * and the token are that role's. Throws a `missing` Failure for what is not there or not allowed, a `server` one for what did not answer.
 */
export function createEksLogin(client: AwsClient, clock: Clock): EksLogin {
  const described = new Map<string, { readonly found: Described; readonly at: number }>();

  async function describe(cluster: EksCluster, credentials: AwsCredentials | undefined): Promise<Described> {
    const name = JSON.stringify(cluster);
    const known = described.get(name);
    if (known !== undefined && Math.abs(clock() - known.at) < keptMs) return known.found;
    const found = await ask(cluster, credentials);
    described.set(name, { found, at: clock() });
    return found;
  }

  async function ask(cluster: EksCluster, credentials: AwsCredentials | undefined): Promise<Described> {
    const path = `/clusters/${encodeURIComponent(cluster.name)}`;
    const call = { service: 'eks', region: cluster.region, method: 'GET', path, credentials } as const;
    const { body } = await told(cluster, client.request(call));
    const parsed = Description.safeParse(JSON.parse(body));
    const { endpoint, certificateAuthority, status } = parsed.data?.cluster ?? {};
    if (!endpoint || !certificateAuthority) throw refuse(cluster, `it is not ready: ${status ?? 'it has no endpoint'}`);
    return { server: endpoint, certificateAuthority: certificateAuthority.data };
  }

  async function assume(cluster: EksCluster, roleArn: string): Promise<AwsCredentials> {
    const { body } = await told(
      cluster,
      client.request({
        service: 'sts',
        region: cluster.region,
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({
          Action: 'AssumeRole',
          Version: '2011-06-15',
          RoleArn: roleArn,
          RoleSessionName: 'sluice',
          DurationSeconds: '900',
        }).toString(),
      }),
    );
    const [accessKeyId, secretAccessKey, sessionToken] = ['AccessKeyId', 'SecretAccessKey', 'SessionToken'].map(
      (name) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(body)?.[1],
    );
    if (accessKeyId && secretAccessKey && sessionToken) return { accessKeyId, secretAccessKey, sessionToken };
    throw new Failure('server', `Cannot assume the role "${roleArn}": AWS answers without credentials`);
  }

  return async function login(cluster) {
    const { name, region, roleArn } = cluster;
    const credentials = roleArn === undefined ? undefined : await assume(cluster, roleArn);
    const found = await describe(cluster, credentials);
    const call = {
      service: 'sts',
      region,
      method: 'GET',
      query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
      headers: { 'x-k8s-aws-id': name },
      credentials,
    } as const;
    const url = await told(cluster, client.presign(call, presignedSeconds));
    return { ...found, token: `k8s-aws-v1.${Buffer.from(url).toString('base64url')}` };
  };
}

interface Described {
  readonly server: string;
  /** PEM in base64. */
  readonly certificateAuthority: string;
}

async function told<T>(cluster: EksCluster, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const code = errorName(error);
    if (code === 'ResourceNotFoundException') throw refuse(cluster, `there is none in ${cluster.region}`);
    if (code.startsWith('AccessDenied')) {
      const who = cluster.roleArn ?? 'the role of the function';
      throw refuse(cluster, `${who} may not be assumed, or may not describe it`);
    }
    throw awsFailure(`Cannot log in to the EKS cluster "${cluster.name}"`, 'AWS', error);
  }
}

function refuse({ name }: EksCluster, found: string): Failure {
  return new Failure('missing', `Cannot log in to the EKS cluster "${name}": ${found}`, {
    code: 'Kubeconfig',
    help: 'infra/README.md tells which role needs eks:DescribeCluster, and which access entry the cluster needs',
  });
}
