import { SQSClient } from '@aws-sdk/client-sqs';

/** What the functions are measured beside: nothing but one client of the SDK. */
export async function handler(): Promise<string> {
  return SQSClient.name;
}
