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
import type { Log } from '../log.ts';
import { createRender } from '../render/render.ts';

/** What a sync on this machine is made of, beside the queue and the store. */
export interface Parts {
  readonly git: Git;
  readonly render: Render;
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
}

export function createParts({ config, data, environment, log }: PartsOptions): Parts {
  const scratch = resolve(data, 'scratch');
  const readSecret = createReadSecret({ environment: environment.variables, directory: dirname(resolve(config)), log });
  const cache = environment.home === undefined ? data : join(environment.home, '.cache/sluice');
  const tools = createTools({ directory: resolve(cache, 'tools'), searchPath: environment.path });
  return {
    git: createGit({ scratch, readSecret, allowLocal: true, path: environment.path }),
    render: createRender({ tools, scratch: join(scratch, 'render'), searchPath: environment.path }),
    connect: createConnect({ readSecret, log }),
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
