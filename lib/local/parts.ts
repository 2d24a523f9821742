import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createConnect } from '../adapters/cluster/connect.ts';
import { createForge } from '../adapters/forge/forge.ts';
import { createGit } from '../adapters/git/git.ts';
import { createGitWriter } from '../adapters/git/writer.ts';
import { createRegistry } from '../adapters/registry/registry.ts';
import { createReadSecret } from '../adapters/secrets.ts';
import { createTools } from '../adapters/tools.ts';
import type { Connect, Git, ReadSecret, Render } from '../app/ports.ts';
import type { Forge, GitWriter, OpenDraft, Registry } from '../app/release-ports.ts';
import type { Environment } from '../config.ts';
import type { Settings, Source } from '../domain/settings/settings.ts';
import type { Log } from '../log.ts';
import { createRender } from '../render/render.ts';
import { createCheckoutRender } from '../render/render-checkout.ts';
import { createOpenDraft } from '../rewrite/open-draft.ts';

/** What a sync on this machine is made of, beside the queue and the store. */
export interface Parts {
  readonly git: Git;
  readonly render: Render;
  /** Renders what is on this machine. */
  readonly renderDirectory: ReturnType<typeof createRender>;
  readonly connect: Connect;
  readonly readSecret: ReadSecret;
  /** What a release is made of beside. */
  readonly writer: GitWriter;
  readonly forge: Forge;
  readonly openDraft: OpenDraft;
  readonly registry: Registry;
}

export interface PartsOptions {
  /** Path of sluice.yaml: secrets in files are relative to it. */
  readonly config: string;
  /** Directory of caches and jobs. kubectl and helm are unpacked once for all, below the home directory. */
  readonly data: string;
  readonly environment: Environment;
  readonly log: Log;
  /** All that will be read, if that is known. */
  readonly sources?: readonly Source[];
  readonly registries?: Settings['registries'];
}

export function createParts({ config, data, environment, log, sources = [], registries = [] }: PartsOptions): Parts {
  const scratch = resolve(data, 'scratch');
  const readSecret = createReadSecret({ environment: environment.variables, directory: dirname(resolve(config)), log });
  const cache = environment.home === undefined ? data : join(environment.home, '.cache/sluice');
  const tools = createTools({ directory: resolve(cache, 'tools'), searchPath: environment.path });
  const renderParts = { tools, scratch: join(scratch, 'render'), searchPath: environment.path };
  const renderDirectory = createRender(renderParts);
  const gitOptions = { scratch, readSecret, allowLocal: true, path: environment.path, sources, clock: Date.now };
  return {
    git: createGit(gitOptions),
    writer: createGitWriter(gitOptions),
    openDraft: createOpenDraft(renderParts),
    forge: createForge({ readSecret, allowLocal: true }),
    registry: createRegistry({ registries, readSecret }),
    render: createCheckoutRender(renderDirectory),
    renderDirectory,
    connect: createConnect({ readSecret, log, idleMs: 60_000 }),
    readSecret,
  };
}

/**
 * Names this installation on the inventories that it holds: the same after a restart and after the loss of its data, another for another
 * machine or another settings file.
 */
export function installationOf(config: string): string {
  return createHash('sha256')
    .update(`${hostname()}\0${realpathSync(config)}`)
    .digest('hex')
    .slice(0, 12);
}
