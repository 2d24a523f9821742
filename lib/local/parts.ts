import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createConnect } from '../adapters/cluster/connect.ts';
import { createGit } from '../adapters/git/git.ts';
import { createReadSecret } from '../adapters/secrets.ts';
import { createTools } from '../adapters/tools.ts';
import type { Connect, Git, ReadSecret, Render } from '../app/ports.ts';
import type { Environment } from '../config.ts';
import type { Source } from '../domain/settings/settings.ts';
import type { Log } from '../log.ts';
import { createRender } from '../render/render.ts';
import { createCheckoutRender } from '../render/render-checkout.ts';

/** What a sync on this machine is made of, beside the queue and the store. */
export interface Parts {
  readonly git: Git;
  readonly render: Render;
  /** Renders what is on this machine. */
  readonly renderDirectory: ReturnType<typeof createRender>;
  readonly connect: Connect;
  readonly readSecret: ReadSecret;
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
}

export function createParts({ config, data, environment, log, sources = [] }: PartsOptions): Parts {
  const scratch = resolve(data, 'scratch');
  const readSecret = createReadSecret({ environment: environment.variables, directory: dirname(resolve(config)), log });
  const cache = environment.home === undefined ? data : join(environment.home, '.cache/sluice');
  const tools = createTools({ directory: resolve(cache, 'tools'), searchPath: environment.path });
  const renderDirectory = createRender({ tools, scratch: join(scratch, 'render'), searchPath: environment.path });
  return {
    git: createGit({ scratch, readSecret, allowLocal: true, path: environment.path, sources, clock: Date.now }),
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
