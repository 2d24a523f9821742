import { createEcrCredential } from '../adapters/aws/ecr-credential.ts';
import { gitLayer } from '../adapters/aws/git-layer.ts';
import { createForge } from '../adapters/forge/forge.ts';
import { createGitWriter } from '../adapters/git/writer.ts';
import { createBudget } from '../adapters/registry/budget.ts';
import { createRegistry } from '../adapters/registry/registry.ts';
import { createTools } from '../adapters/tools.ts';
import type { Forge, GitWriter, OpenDraft, Registry } from '../app/release-ports.ts';
import type { Settings } from '../domain/settings/settings.ts';
import { createOpenDraft } from '../rewrite/open-draft.ts';
import type { Parts } from './parts.ts';
import { scratch } from './workshop.ts';

/** What a release needs: git with the credentials that write, forges, registries, and the tools that render, out of the layers. */
export interface ReleaseWorkshop {
  readonly writer: GitWriter;
  readonly forge: Forge;
  readonly openDraft: OpenDraft;
  /** For one event: connections end with it. */
  openRegistry(registries: Settings['registries']): Registry;
}

export function openReleaseWorkshop({ readSecret, environment }: Parts): ReleaseWorkshop {
  const tools = createTools({ directory: `${scratch}/tools`, searchPath: gitLayer.path });
  const { endpoint } = environment;
  const budget = createBudget();
  const ecrCredential = createEcrCredential(endpoint === undefined ? {} : { endpoint });
  return {
    writer: createGitWriter({ scratch, readSecret, allowLocal: false, ...gitLayer }),
    forge: createForge({ readSecret, allowLocal: false }),
    openDraft: createOpenDraft({
      tools,
      scratch: `${scratch}/render`,
      searchPath: gitLayer.path,
      gitEnvironment: gitLayer.environment,
    }),
    openRegistry: (registries) => createRegistry({ registries, readSecret, ecrCredential, budget }),
  };
}
