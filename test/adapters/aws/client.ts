import { onTestFinished } from 'vitest';
import { type AwsClient, createAwsClient } from '../../../lib/adapters/aws/aws-request.ts';
import { createConnections } from '../../../lib/adapters/aws/connections.ts';
import { useTestCredentials } from '../../fakes/aws/credentials.ts';
import { type AwsAnswers, type AwsServices, startAwsServices } from '../../fakes/aws/services.ts';

/** A client of a server that answers so, until the test is over. */
export async function startAws(answers: AwsAnswers): Promise<{ client: AwsClient; aws: AwsServices }> {
  useTestCredentials();
  const aws = await startAwsServices(answers);
  const connections = createConnections();
  onTestFinished(async () => {
    connections.close();
    await aws[Symbol.asyncDispose]();
  });
  return { client: createAwsClient({ region: 'eu-central-1', connections, endpoint: aws.endpoint }), aws };
}
