import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnect } from '../adapters/cluster/connect.ts';
import { createLocalLogin } from '../adapters/cluster/local-login.ts';
import { checkGit } from '../adapters/git/check-git.ts';
import { namespaceOf } from '../app/cluster/namespace-of.ts';
import { roleKinds } from '../app/cluster/role-kinds.ts';
import type { Environment } from '../config.ts';
import { Failure } from '../domain/failure.ts';
import { bindCommands } from '../domain/objects/bind-commands.ts';
import type { KubeObject } from '../domain/objects/kube-object.ts';
import { rolesFor } from '../domain/objects/role.ts';
import { createLog } from '../log.ts';
import { readSettings } from '../read-settings.ts';
import { directoryOfKubeconfig, kubeconfigFile } from './kubeconfig-file.ts';
import { createParts } from './parts.ts';

export interface RoleOptions {
  readonly config: string;
  readonly target: string;
  /** A kubeconfig of someone who may read the target's inventory, instead of the target's own. */
  readonly kubeconfig?: string;
  readonly environment: Environment;
}

export interface PrintedRoles {
  readonly roles: readonly KubeObject[];
  /** The command lines that bind them. */
  readonly bind: readonly string[];
  /** What could not be found out. */
  readonly warnings: readonly string[];
}

/**
 * The Roles that the account of a target needs for what its branch holds now and what its inventory claims: fetches and renders it, and asks the
 * cluster for the kinds, which every account may, and for the inventory.
 */
export async function roleOfTarget(options: RoleOptions): Promise<PrintedRoles> {
  const { config, target: name, kubeconfig, environment } = options;
  const { targets } = readSettings(config, { local: true });
  const target = targets.find((candidate) => candidate.name === name);
  if (target === undefined) {
    throw new Failure('missing', `Cannot print the Role of "${name}": there is no such target`, {
      help: `Name one of ${targets.map((candidate) => `"${candidate.name}"`).join(', ')}`,
    });
  }
  await checkGit(environment.path);
  const asked = kubeconfig === undefined ? target.cluster : { kubeconfig: kubeconfigFile(kubeconfig) };
  const data = await mkdtemp(join(tmpdir(), 'sluice-rbac-'));
  try {
    const parts = createParts({ config, data, environment, log: createLog(() => undefined) });
    const { readSecret } = parts;
    const login = kubeconfig === undefined ? {} : { login: createLocalLogin(directoryOfKubeconfig(asked, config)) };
    await using checkout = await parts.git.checkout(target.source, await parts.git.head(target.source), {
      submodules: target.submodules,
      files: target.valuesFiles,
    });
    await using cluster = await createConnect({ readSecret, ...login })(asked);
    const namespace = namespaceOf(target, cluster);
    const { manifests } = await parts.render({ checkout, target: { ...target, namespace } });
    const { kinds, instances, warnings } = await roleKinds(cluster, manifests, target, targets);
    const roles = rolesFor(kinds, target, instances);
    return { roles, bind: bindCommands(roles, target.cluster.impersonate), warnings };
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}
