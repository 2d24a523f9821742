import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { findKinds } from '../app/cluster/find-kinds.ts';
import type { RoleOptions } from '../cli/seams.ts';
import { Failure } from '../domain/failure.ts';
import { rolesFor } from '../domain/objects/role.ts';
import { createLog } from '../log.ts';
import { readSettings } from '../read-settings.ts';
import { createParts } from './parts.ts';

/**
 * The Roles that the account of a target needs for what its branch holds now, as YAML: fetches and renders it, and asks the cluster for the
 * kinds, which every account may.
 */
export async function roleOfTarget({ config, target: name, environment }: RoleOptions): Promise<string> {
  const { targets } = readSettings(config, { local: true });
  const target = targets.find((candidate) => candidate.name === name);
  if (target === undefined) {
    throw new Failure('missing', `Cannot print the Role of "${name}": there is no such target`, {
      help: `Name one of ${targets.map((candidate) => `"${candidate.name}"`).join(', ')}`,
    });
  }
  const data = await mkdtemp(join(tmpdir(), 'sluice-rbac-'));
  try {
    const { git, render, connect } = createParts({ config, data, environment, log: createLog(() => undefined) });
    await using checkout = await git.checkout(target.source, await git.head(target.source), {
      submodules: target.submodules,
      files: target.valuesFiles,
    });
    const { manifests } = await render({ directory: checkout.directory, target });
    await using cluster = await connect(target.cluster);
    const kinds = await findKinds(manifests, cluster);
    const known = manifests.map(({ object }) => kinds.kindOf(object)).filter((kind) => 'plural' in kind);
    const documents = rolesFor(known, target).map((role) =>
      stringify(role, { lineWidth: 0, aliasDuplicateObjects: false }),
    );
    return documents.join('---\n');
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}
