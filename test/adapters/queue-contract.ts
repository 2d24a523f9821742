import { createCases, type QueueUnderTest } from './queue-contract/cases.ts';
import { deliveryCases } from './queue-contract/delivery.ts';
import { messageCases } from './queue-contract/message.ts';
import { orderCases } from './queue-contract/order.ts';
import { waitingCases } from './queue-contract/waiting.ts';

/** What every `Queue` does; `gaps` are the cases that a stand-in for the real server breaks, and why. */
export function queueContract(open: () => Promise<QueueUnderTest>, gaps: Readonly<Record<string, string>> = {}): void {
  const cases = createCases(open, gaps);
  messageCases(cases);
  orderCases(cases);
  deliveryCases(cases);
  waitingCases(cases);
  const unknown = Object.keys(gaps).filter((name) => !cases.names.has(name));
  if (unknown.length > 0) throw new Error(`No such case: ${unknown.join(', ')}`);
}
