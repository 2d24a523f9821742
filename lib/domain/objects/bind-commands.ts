import type { KubeObject } from './kube-object.ts';

/**
 * The commands that bind the roles of `rolesFor` to the account that shall have them, which only its owner can name; those of an account that is
 * impersonated go to it, and the first is the kubeconfig's own.
 *
 * @param impersonate the user of `cluster.impersonate`.
 */
export function bindCommands(roles: readonly KubeObject[], impersonate?: string): readonly string[] {
  return roles.map(({ kind, metadata: { name, namespace } }) => {
    const own = name.endsWith('-impersonate') || impersonate === undefined;
    const subject = own ? '--serviceaccount=NAMESPACE:NAME' : subjectOf(impersonate);
    return kind === 'Role'
      ? `kubectl create rolebinding ${name} --namespace=${namespace} --role=${name} ${subject}`
      : `kubectl create clusterrolebinding ${name} --clusterrole=${name} ${subject}`;
  });
}

function subjectOf(user: string): string {
  const [, namespace, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user) ?? [];
  return account === undefined
    ? `--user='${user.replaceAll("'", `'\\''`)}'`
    : `--serviceaccount=${namespace}:${account}`;
}
