import type { SenderName } from '../domain/settings/webhook-settings.ts';
import { acr } from './acr.ts';
import { aliyun } from './aliyun.ts';
import { azureDevops } from './azure-devops.ts';
import { bitbucket } from './bitbucket.ts';
import { bitbucketServer } from './bitbucket-server.ts';
import { cdevents } from './cdevents.ts';
import { distribution } from './distribution.ts';
import { dockerhub } from './dockerhub.ts';
import { gcr } from './gcr.ts';
import { generic } from './generic.ts';
import { gitea } from './gitea.ts';
import { github } from './github.ts';
import { gitlab } from './gitlab.ts';
import { gogs } from './gogs.ts';
import { harbor } from './harbor.ts';
import { jfrog } from './jfrog.ts';
import { nexus } from './nexus.ts';
import { quay } from './quay.ts';
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
  dockerhub,
  quay,
  harbor,
  distribution,
  gcr,
  acr,
  jfrog,
  nexus,
  aliyun,
  cdevents,
} as const satisfies Record<SenderName, Sender>;
