import type { AwsClient } from '../lib/adapters/aws/aws-request.ts';
import { Failure } from '../lib/domain/failure.ts';
import { SecretRef } from '../lib/domain/settings/secret-ref.ts';
import { secretsOf } from '../lib/domain/settings/secrets-of.ts';
import type { Settings } from '../lib/domain/settings/settings.ts';

/** Throws a `missing` Failure if there are no credentials of AWS, or none that count. Resolves with the account. */
export async function checkCredentials(client: AwsClient): Promise<string> {
  try {
    const { body } = await client.request({
      service: 'sts',
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
    });
    return /<Account>(\d+)<\/Account>/.exec(body)?.[1] ?? '';
  } catch (cause) {
    throw new Failure('missing', `Cannot reach AWS: ${(cause as Error).message || (cause as Error).name}`, {
      help: 'Log in ("aws sso login"), or name a profile in AWS_PROFILE',
      cause,
    });
  }
}

/** Throws a `missing` Failure that lists every secret of the settings that is not there. No value is read. */
export async function checkSecrets(settings: Settings, client: AwsClient): Promise<void> {
  const missing: string[] = [];
  const known = new Map<string, Promise<boolean>>();
  for (const { path, ref } of secretsOf(settings)) {
    const secret = SecretRef.parse(ref);
    const name = nameOf(secret);
    const isThere = known.get(name) ?? exists(secret, client);
    known.set(name, isThere);
    if (!(await isThere)) missing.push(`${path}: there is no ${name}`);
  }
  if (missing.length === 0) return;
  const count = missing.length === 1 ? '1 secret is missing' : `${missing.length} secrets are missing`;
  throw new Failure('missing', [`Cannot deploy: ${count}`, ...missing].join('\n  '), {
    help: 'Create them in the region of the stage: infra/README.md tells how',
  });
}

async function exists(secret: SecretRef, client: AwsClient): Promise<boolean> {
  const [service, target, body] =
    'aws' in secret
      ? (['secretsmanager', 'secretsmanager.DescribeSecret', { SecretId: secret.aws }] as const)
      : (['ssm', 'AmazonSSM.DescribeParameters', { ParameterFilters: [filterOf(secret)] }] as const);
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target };
  try {
    const answer = await client.request({ service, method: 'POST', headers, body: JSON.stringify(body) });
    return service === 'secretsmanager' || JSON.parse(answer.body).Parameters.length > 0;
  } catch (error) {
    if ((error as Error).name === 'ResourceNotFoundException') return false;
    throw error;
  }
}

function filterOf(secret: SecretRef) {
  return { Key: 'Name', Option: 'Equals', Values: [nameOf(secret)] };
}

/** Secrets and parameters differ by the slash that the latter begin with. */
function nameOf(secret: SecretRef): string {
  return Object.values(secret)[0] ?? '';
}
