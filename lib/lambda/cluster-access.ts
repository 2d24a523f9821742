import { createEksLogin } from '../adapters/aws/eks-login.ts';
import { createConnect } from '../adapters/cluster/connect.ts';
import type { Connect } from '../app/ports.ts';
import type { Parts } from './parts.ts';

/** How the workers reach clusters: by kubeconfigs that are secrets, or by a role of AWS. */
export function clusterAccess({ client, clock, readSecret, log }: Parts): Connect {
  return createConnect({ readSecret, eks: createEksLogin(client, clock), log });
}
