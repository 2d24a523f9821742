import type { SenderName } from '../domain/settings/webhook-settings.ts';
import { azureDevops } from './azure-devops.ts';
import { bitbucket } from './bitbucket.ts';
import { bitbucketServer } from './bitbucket-server.ts';
import { generic } from './generic.ts';
import { gitea } from './gitea.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import { gogs } from './gogs.ts';
import type { Sender } from './sender.ts';

/** Every sender of `webhooks[].sender`. To add one: its file, its line here, its example in the contract suite. */
export const senders = {
  github,
  gitlab,
  generic,
  bitbucket,
  'bitbucket-server': bitbucketServer,
  gitea,
  gogs,
  'azure-devops': azureDevops,
} as const satisfies Record<SenderName, Sender>;
