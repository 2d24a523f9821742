import { expect, it } from 'vitest';
import { bindCommands } from '../../../lib/domain/objects/bind-commands.ts';
import { rolesFor } from '../../../lib/domain/objects/role.ts';

const target = { name: 'shop', allowNamespaces: [], inventory: { namespace: 'ops' }, adopts: [] };
const kubeconfig = { env: 'KUBECONFIG_SHOP' };

it('the roles of a kubeconfig are bound to an account that its owner has to name', () => {
  expect(bindCommands(rolesFor([], { ...target, cluster: { kubeconfig } }))).toEqual([
    'kubectl create rolebinding sluice-shop-inventory --namespace=ops --role=sluice-shop-inventory --serviceaccount=NAMESPACE:NAME',
    'kubectl create clusterrolebinding sluice-shop --clusterrole=sluice-shop --serviceaccount=NAMESPACE:NAME',
  ]);
});

it.each([
  ['system:serviceaccount:team:deployer', '--serviceaccount=team:deployer'],
  ["o'hara@acme.io", `--user='o'\\''hara@acme.io'`],
])(
  'the roles of %s, who is impersonated, are bound to it, and the right to be it to the kubeconfig’s own',
  (impersonate, subject) => {
    const roles = rolesFor([], { ...target, cluster: { kubeconfig, impersonate } });
    expect(bindCommands(roles, impersonate).map((command) => command.split(' ').at(-1))).toEqual([
      '--serviceaccount=NAMESPACE:NAME',
      subject,
      subject,
    ]);
  },
);
