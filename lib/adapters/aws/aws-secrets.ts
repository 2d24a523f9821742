import * as z from 'zod/mini';
import type { Clock, ReadSecret } from '../../app/ports.ts';
import { Failure } from '../../domain/failure.ts';
import type { SecretRef } from '../../domain/settings/secret-ref.ts';
import { awsFailure, errorName } from './aws-failure.ts';
import type { AwsCall, AwsClient } from './aws-request.ts';

/** A secret is read anew after a minute, so that a rotated one counts; a kept one is used for five where none can be read (DESIGN §8). */
const freshMs = 60_000;
const keptMs = 300_000;
/** Whoever sends wrong signatures can make us look for a newer secret as often as this. */
const newestMs = 10_000;

const Answer = z.union([
  z.object({ SecretString: z.string() }),
  z.object({ SecretBinary: z.string() }),
  z.object({ Parameter: z.object({ Value: z.string() }) }),
]);

interface Kept {
  readonly value: string;
  readonly at: number;
}

/**
 * Reads `{ aws }` from Secrets Manager and `{ ssm }` from the Parameter Store. Throws a Failure that names the reference, never a value:
 * `missing` for what is not there, not allowed or empty, `server` for what did not answer.
 */
export function createAwsSecrets(client: AwsClient, clock: Clock): ReadSecret {
  const kept = new Map<string, Kept>();
  const underWay = new Map<string, Promise<string>>();

  async function fetchSecret(name: string, call: AwsCall): Promise<string> {
    const value = textIn(name, (await client.request(call)).body);
    kept.set(name, { value, at: clock() });
    return value;
  }

  /** Several targets that share a secret ask for it once. */
  async function readOnce(name: string, call: AwsCall): Promise<string> {
    const reading = underWay.get(name) ?? fetchSecret(name, call).finally(() => underWay.delete(name));
    underWay.set(name, reading);
    return await reading;
  }

  async function readText(name: string, call: AwsCall, newest: boolean): Promise<string> {
    const known = kept.get(name);
    // A clock that was set back makes nothing fresh.
    const age = known === undefined ? Infinity : Math.abs(clock() - known.at);
    if (known !== undefined && age < (newest ? newestMs : freshMs)) return known.value;
    try {
      return await readOnce(name, call);
    } catch (error) {
      const failure = failureOf(name, error);
      if (known !== undefined && age < keptMs && failure.fault === 'server') return known.value;
      kept.delete(name);
      throw failure;
    }
  }

  return async function readSecret(ref, { newest = false } = {}) {
    if ('file' in ref) throw refuseLocal(`{ file: ${ref.file} }`);
    if ('env' in ref) throw refuseLocal(`{ env: ${ref.env} }`);
    const name = 'aws' in ref ? `{ aws: ${ref.aws} }` : `{ ssm: ${ref.ssm} }`;
    const text = await readText(name, callOf(ref), newest);
    const key = 'aws' in ref ? ref.key : undefined;
    const value = (key === undefined ? text : fieldOf(name, text, key)).replace(/\r?\n$/, '');
    if (value.trim() === '') throw refuse(name, key === undefined ? 'it is empty' : `its field "${key}" is empty`);
    return value;
  };
}

function callOf(ref: Exclude<SecretRef, { file: string } | { env: string }>): AwsCall {
  const [service, target, body] =
    'aws' in ref
      ? (['secretsmanager', 'secretsmanager.GetSecretValue', { SecretId: ref.aws }] as const)
      : (['ssm', 'AmazonSSM.GetParameter', { Name: ref.ssm, WithDecryption: true }] as const);
  return {
    service,
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': target },
    body: JSON.stringify(body),
  };
}

function textIn(name: string, body: string): string {
  const answer = Answer.safeParse(JSON.parse(body));
  if (!answer.success) throw new Failure('server', `Cannot read the secret "${name}": AWS answers without a value`);
  if ('SecretString' in answer.data) return answer.data.SecretString;
  if ('Parameter' in answer.data) return answer.data.Parameter.Value;
  return Buffer.from(answer.data.SecretBinary, 'base64').toString('utf8');
}

function fieldOf(name: string, text: string, key: string): string {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    // What does not parse may be the secret itself: the parser's words quote it.
    throw refuse(name, `it is no JSON with a field "${key}"`);
  }
  const found = z.record(z.string(), z.unknown()).safeParse(fields);
  const value = found.success && Object.hasOwn(found.data, key) ? found.data[key] : undefined;
  if (typeof value !== 'string') throw refuse(name, `it has no field "${key}" with a text`);
  return value;
}

const absent: Readonly<Record<string, string>> = {
  AccessDenied: 'the role of this function may not read it',
  AccessDeniedException: 'the role of this function may not read it',
  InvalidRequestException: 'it is being deleted',
  ParameterNotFound: 'there is none of this name',
  ResourceNotFoundException: 'there is none of this name, or it has no value yet',
};

function failureOf(name: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const found = absent[errorName(error)];
  return found === undefined ? awsFailure(`Cannot read the secret "${name}"`, 'AWS', error) : refuse(name, found);
}

function refuse(name: string, found: string): Failure {
  return new Failure('missing', `Cannot read the secret "${name}": ${found}`, {
    code: 'SecretMissing',
    help: 'Create it in the region of the functions, or correct its reference in sluice.yaml ("sluice validate --aws")',
  });
}

function refuseLocal(name: string): Failure {
  return new Failure('user', `Cannot read the secret "${name}": the functions in AWS read no files and no variables`, {
    code: 'SecretElsewhere',
    help: 'Use { aws: id, key? } or { ssm: name }',
  });
}
