import type { SenderName } from '../domain/settings/webhook-settings.ts';
import { acrGuide } from './acr.ts';
import { aliyunGuide } from './aliyun.ts';
import { azureDevopsGuide } from './azure-devops.ts';
import { bitbucketGuide } from './bitbucket.ts';
import { bitbucketServerGuide } from './bitbucket-server.ts';
import { cdeventsGuide } from './cdevents.ts';
import { distributionGuide } from './distribution.ts';
import { dockerhubGuide } from './dockerhub.ts';
import { gcrGuide } from './gcr.ts';
import { genericGuide } from './generic.ts';
import { giteaGuide } from './gitea.ts';
import { githubGuide } from './github.ts';
import { gitlabGuide } from './gitlab.ts';
import { gogsGuide } from './gogs.ts';
import type { Guide } from './guide.ts';
import { harborGuide } from './harbor.ts';
import { jfrogGuide } from './jfrog.ts';
import { nexusGuide } from './nexus.ts';
import { quayGuide } from './quay.ts';

/** How every sender is set up; apart from senders.ts, because what verifies deliveries need not carry it. */
export const guides: Readonly<Record<SenderName, Guide>> = {
  github: githubGuide,
  gitlab: gitlabGuide,
  generic: genericGuide,
  bitbucket: bitbucketGuide,
  'bitbucket-server': bitbucketServerGuide,
  gitea: giteaGuide,
  gogs: gogsGuide,
  'azure-devops': azureDevopsGuide,
  dockerhub: dockerhubGuide,
  quay: quayGuide,
  harbor: harborGuide,
  distribution: distributionGuide,
  gcr: gcrGuide,
  acr: acrGuide,
  jfrog: jfrogGuide,
  nexus: nexusGuide,
  aliyun: aliyunGuide,
  cdevents: cdeventsGuide,
};
