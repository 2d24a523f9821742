import type { Target } from '../settings/settings.ts';
import { groupOf, type KubeObject, type ResourceKind } from './kube-object.ts';

/** A kind that the target renders or owns, as discovery names it. */
export type RoleKind = Pick<ResourceKind, 'apiVersion' | 'kind' | 'plural' | 'namespaced'>;

interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

const verbs = ['get', 'list', 'create', 'patch', 'delete'];
const rbacGroup = 'rbac.authorization.k8s.io';

/**
 * The rights that a target's account needs for these kinds: a Role for its inventory, and a ClusterRole for the rest; with `allowNamespaces`
 * a Role in each of them instead, and a ClusterRole for what has no namespace. Names are those of the inventory, `sluice-<target>`. Who
 * renders roles gets `escalate` and `bind` on them, without which the API server lets nobody give more rights than he has: such an account
 * can make itself administrator. With `impersonate` these are the rights of the impersonated, and the first manifest is what the
 * kubeconfig's own account needs. Of `instances`, the kinds of CRDs that the target renders or owns, it may see whether there are any.
 */
export function rolesFor(
  kinds: readonly RoleKind[],
  target: Pick<Target, 'name' | 'cluster' | 'allowNamespaces' | 'inventory' | 'adopts'>,
  instances: readonly RoleKind[] = [],
): readonly KubeObject[] {
  const name = `sluice-${target.name}`;
  const limited = target.allowNamespaces.length > 0;
  const namespaced = [...occupants(kinds), ...rulesFor(limited ? kinds.filter((kind) => kind.namespaced) : kinds)];
  const clusterWide = limited ? rulesFor(kinds.filter((kind) => !kind.namespaced)) : namespaced;
  const parents = [name, ...target.adopts.map((adopted) => `sluice-${adopted}`)];
  return [
    ...impersonation(`${name}-impersonate`, target.cluster.impersonate),
    role(`${name}-inventory`, target.inventory.namespace, [
      // Create cannot be limited by name: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources
      rule('', ['configmaps'], ['create']),
      { ...rule('', ['configmaps'], ['get', 'update', 'patch', 'delete']), resourceNames: parents },
    ]),
    ...(namespaced.length === 0 ? [] : target.allowNamespaces.map((namespace) => role(name, namespace, namespaced))),
    clusterRole(name, [rule('', ['namespaces'], ['get']), ...rulesOf(instances, ['list']), ...clusterWide]),
  ];
}

/** One rule for each API group, sorted, and what granting rights takes. */
function rulesFor(kinds: readonly RoleKind[]): readonly PolicyRule[] {
  const rules = rulesOf(kinds, verbs);
  const granted = new Set(pluralsOf(kinds, rbacGroup));
  const roles = ['clusterroles', 'roles'];
  const made = roles.filter((plural) => granted.has(plural));
  const bound = ['clusterrolebindings', 'rolebindings'].some((plural) => granted.has(plural));
  if (made.length > 0) rules.push(rule(rbacGroup, made, ['escalate']));
  if (bound) rules.push(rule(rbacGroup, roles, ['bind']));
  return rules;
}

function rulesOf(kinds: readonly RoleKind[], allowed: readonly string[]): PolicyRule[] {
  const groups = [...new Set(kinds.map(({ apiVersion }) => groupOf(apiVersion)))].toSorted();
  return groups.map((group) => rule(group, pluralsOf(kinds, group), allowed));
}

function pluralsOf(kinds: readonly RoleKind[], group: string): string[] {
  return [
    ...new Set(kinds.filter((kind) => groupOf(kind.apiVersion) === group).map(({ plural }) => plural)),
  ].toSorted();
}

/** What prune looks for in a Namespace before it deletes it (APPLY §5). */
function occupants(kinds: readonly RoleKind[]): readonly PolicyRule[] {
  const rendersNamespaces = kinds.some(({ apiVersion, kind }) => kind === 'Namespace' && apiVersion === 'v1');
  if (!rendersNamespaces) return [];
  return [rule('', ['persistentvolumeclaims', 'pods'], ['list']), ...owners];
}

/** A pod goes with its owners, which are asked for theirs until one is of the target. */
const owners: readonly PolicyRule[] = [
  rule('', ['replicationcontrollers'], ['get']),
  rule('apps', ['daemonsets', 'deployments', 'replicasets', 'statefulsets'], ['get']),
  rule('batch', ['cronjobs', 'jobs'], ['get']),
];

function impersonation(name: string, user: string | undefined): readonly KubeObject[] {
  if (user === undefined) return [];
  const [, namespace, account] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user) ?? [];
  if (namespace !== undefined && account !== undefined) {
    return [role(name, namespace, [{ ...rule('', ['serviceaccounts'], ['impersonate']), resourceNames: [account] }])];
  }
  return [clusterRole(name, [{ ...rule('', ['users'], ['impersonate']), resourceNames: [user] }])];
}

function rule(group: string, resources: readonly string[], allowed: readonly string[]): PolicyRule {
  return { apiGroups: [group], resources, verbs: allowed };
}

function role(name: string, namespace: string, rules: readonly PolicyRule[]): KubeObject {
  return { apiVersion: `${rbacGroup}/v1`, kind: 'Role', metadata: { name, namespace }, rules };
}

function clusterRole(name: string, rules: readonly PolicyRule[]): KubeObject {
  return { apiVersion: `${rbacGroup}/v1`, kind: 'ClusterRole', metadata: { name }, rules };
}
