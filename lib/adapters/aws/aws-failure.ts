import { Failure } from '../../domain/failure.ts';

/** Names of errors by what to do about them; the SDK has tried again what may pass by itself. */
const helpByName: Readonly<Record<string, string>> = {
  AccessDenied: 'Allow the action to the role of this function',
  AccessDeniedException: 'Allow the action to the role of this function',
  CredentialsProviderError: 'Give this process AWS credentials: a role, a profile or AWS_ACCESS_KEY_ID',
  ExpiredToken: 'Renew the AWS credentials of this process',
  ExpiredTokenException: 'Renew the AWS credentials of this process',
  ProvisionedThroughputExceededException: 'Give the table more capacity, or on-demand capacity',
  QueueDoesNotExist: 'Deploy the stack, or correct the URL of the queue',
  ResourceNotFoundException: 'Deploy the stack, or correct the name of the table',
  ThrottlingException: 'Try again later, or give the table more capacity',
};

/** The error of a request to AWS that was not answered as it should, as a `server` Failure. `what` is `Cannot <do what> "<with what>"`. */
export function awsFailure(what: string, service: string, error: unknown): Failure {
  const name = errorName(error);
  const message = error instanceof Error ? error.message : String(error);
  const help = helpByName[name];
  const state = message === '' ? name : `${name}: ${message}`;
  return new Failure('server', `${what}: ${service} answered ${state}`, {
    code: name,
    ...(help === undefined ? {} : { help }),
    cause: error,
  });
}

export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : 'Error';
}
