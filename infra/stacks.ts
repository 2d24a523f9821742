import {
  CloudFormationClient,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';

/** The stacks of one region. */
export interface Stacks {
  /** Outputs of a stack; undefined if there is no such stack. */
  outputs(stack: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** What went wrong first since then, in one line; undefined if nothing did. */
  firstFailure(stack: string, since: Date): Promise<string | undefined>;
}

export function openStacks(region: string): Stacks {
  const client = new CloudFormationClient({ region });
  return {
    async outputs(stack) {
      try {
        const { Stacks: [found] = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
        const outputs = found?.Outputs ?? [];
        return Object.fromEntries(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
      } catch (error) {
        if (/does not exist/.test((error as Error).message)) return undefined;
        throw error;
      }
    },

    async firstFailure(stack, since) {
      const events: StackEvent[] = [];
      for (let next: string | undefined; ; ) {
        const page = await client.send(new DescribeStackEventsCommand({ StackName: stack, NextToken: next }));
        events.push(...(page.StackEvents ?? []).filter(({ Timestamp = since }) => Timestamp >= since));
        next = page.NextToken;
        if (next === undefined || page.StackEvents?.some(({ Timestamp = since }) => Timestamp < since)) break;
      }
      // They come newest first; what was cancelled failed because of something before it.
      const failed = events.toReversed().find(({ ResourceStatus = '', ResourceStatusReason = '' }) => {
        return ResourceStatus.endsWith('_FAILED') && !/cancelled/i.test(ResourceStatusReason);
      });
      if (failed === undefined) return undefined;
      const reason = failed.ResourceStatusReason?.replaceAll(/\s+/g, ' ').trim();
      return `${failed.LogicalResourceId} (${failed.ResourceType}) ${failed.ResourceStatus}: ${reason ?? 'no reason is given'}`;
    },
  };
}
