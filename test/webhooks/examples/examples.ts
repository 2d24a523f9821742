import type { Delivery } from '../../../lib/webhooks/read-delivery.ts';
import type { Sender } from '../../../lib/webhooks/sender.ts';
import { senders } from '../../../lib/webhooks/senders.ts';
import { azureDevops } from './azure-devops.ts';
import { bitbuckets } from './bitbucket.ts';
import type { Example } from './example.ts';
import { gitHosts } from './git-hosts.ts';
import { giteaFamily } from './gitea.ts';
import { registries } from './registries.ts';

/** At least one for every entry of the table of senders. */
export const examples: Readonly<Record<string, Example>> = {
  ...gitHosts,
  ...bitbuckets,
  ...giteaFamily,
  ...azureDevops,
  ...registries,
};

export function exampleOf(name: string): Example {
  const example = examples[name];
  if (example === undefined) throw new TypeError(`There is no example "${name}"`);
  return example;
}

/** What reading `example` as it stands gives. */
export function accepted({ changes, deliveryId }: Example): Delivery {
  return { changes, ...(deliveryId !== undefined && { deliveryId }) };
}

/** The status of a body that is not JSON, or of another shape (DESIGN §5.2). */
export function unreadable({ sender }: Example, status: 400 | 422): number {
  const { tellsErrors }: Sender = senders[sender];
  return tellsErrors ? status : 200;
}
