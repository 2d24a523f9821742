import type { ClusterAccess } from '../../domain/settings/settings.ts';
import type { LoggedIn } from './login.ts';

export type EksCluster = NonNullable<ClusterAccess['eks']>;

/** What a client needs to know of an EKS cluster; the token is good for a quarter of an hour. */
export interface EksAccess {
  /** `https://…` */
  readonly server: string;
  /** PEM in base64, as kubeconfigs have it. */
  readonly certificateAuthority: string;
  readonly token: string;
}

export type EksLogin = (cluster: EksCluster) => Promise<EksAccess>;

/** The EKS cluster as if a kubeconfig had told of it. */
export function eksContext(cluster: EksCluster, { server, certificateAuthority, token }: EksAccess): LoggedIn {
  const account = `${cluster.region}/${cluster.name} ${cluster.roleArn ?? ''}`;
  return {
    context: {
      context: cluster.name,
      cluster: { server, 'certificate-authority-data': certificateAuthority },
      user: {},
      userName: cluster.roleArn ?? 'the role of the function',
      namespace: 'default',
    },
    credentials: { authorization: `Bearer ${token}`, account },
  };
}
