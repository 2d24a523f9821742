import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { NodeHttpHandler } from '@smithy/node-http-handler';

/** The connections of one process to AWS, shared by every client. */
export interface Connections {
  /** What a client of the SDK takes as its `requestHandler`. */
  readonly handler: NodeHttpHandler;
  /**
   * Ends those that are idle or in use; the next request opens a new one. A function that was frozen wakes up with connections that
   * nobody answers on any more (DESIGN §8).
   */
  close(): void;
}

/** A webhook's sender waits for ten seconds (facts/webhooks.md §1). */
export const timeouts = { connectionTimeout: 2000, requestTimeout: 5000, throwOnRequestTimeout: true };

export function createConnections(): Connections {
  const agents = [
    new HttpAgent({ keepAlive: true, maxSockets: 64 }),
    new HttpsAgent({ keepAlive: true, maxSockets: 64 }),
  ] as const;
  const [httpAgent, httpsAgent] = agents;
  return {
    handler: new NodeHttpHandler({ ...timeouts, httpAgent, httpsAgent }),
    close() {
      for (const agent of agents) agent.destroy();
    },
  };
}
