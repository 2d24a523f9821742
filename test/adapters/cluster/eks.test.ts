import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { createConnect } from '../../../lib/adapters/cluster/connect.ts';
import type { EksCluster } from '../../../lib/adapters/cluster/eks.ts';
import { describeCluster, serviceAccountKubeconfig, useNamespace } from '../../parts/api-server.ts';
import { kindOf, refusal } from '../../parts/connect.ts';

const cluster = { name: 'blue', region: 'eu-central-1' };

describeCluster('an EKS cluster', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);

  it('is reached with the address, the authority and the token that the login tells', async () => {
    const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }];
    const text = await serviceAccountKubeconfig(kubeconfig, namespace, 'eks', rules);
    const { clusters, users } = parse(text);
    const asked: EksCluster[] = [];
    const connect = createConnect({
      readSecret: () => Promise.reject(new Error('there is no secret')),
      async eks(named) {
        asked.push(named);
        const { server, 'certificate-authority-data': certificateAuthority } = clusters[0].cluster;
        return { server, certificateAuthority, token: users[0].user.token };
      },
    });
    await using connected = await connect({ eks: cluster });
    expect(await connected.list(await kindOf(connected, 'v1', 'ConfigMap'), { namespace })).toBeInstanceOf(Array);
    expect([asked, connected.namespace]).toEqual([[cluster], 'default']);
  });

  it('is refused where there is no role of AWS', async () => {
    const connect = createConnect({ readSecret: async () => '' });
    expect(await refusal(connect({ eks: cluster }))).toMatchObject({ fault: 'user', code: 'Kubeconfig' });
  });
});
