import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { createConnect } from '../adapters/cluster/connect.ts';
import { createLocalLogin } from '../adapters/cluster/local-login.ts';
import { findOwner } from '../app/cluster/find-owner.ts';
import { namespaceOf } from '../app/cluster/namespace-of.ts';
import { planTarget } from '../app/cluster/plan-target.ts';
import type { Environment } from '../config.ts';
import { Failure, withHelp } from '../domain/failure.ts';
import type { PlanView } from '../domain/objects/plan-view.ts';
import { Target } from '../domain/settings/settings.ts';
import { createLog } from '../log.ts';
import { readSettings } from '../read-settings.ts';
import { directoryOfKubeconfig, kubeconfigFile } from './kubeconfig-file.ts';
import { createParts } from './parts.ts';

export interface PlanOptions {
  /** A target of `config`, or the name whose inventory tells what prune would remove. */
  readonly target?: string;
  /** Path of sluice.yaml; absent: looked for only if a target is named. */
  readonly config?: string;
  /** Without settings the directory to render; with a target of theirs the work tree that holds its paths. Default: the working directory. */
  readonly path?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

const defaultConfig = 'sluice.yaml';

/** What a sync of a directory on this machine would change: no server, no store, and the login of the person who asks. */
export async function planLocally(options: PlanOptions): Promise<PlanView> {
  const { environment, signal } = options;
  const targets = readTargets(options);
  const directory = existing(resolve(options.path ?? '.'));
  // The paths of a target are those of its repository; a directory without one is itself what is rendered.
  const root = targets === undefined ? findRoot(directory) : directory;
  const found =
    targets === undefined ? unnamed(options, relative(root, directory) || '.') : find(targets, options.target);
  const target = withOverrides(found, options);
  const data = await mkdtemp(join(tmpdir(), 'sluice-plan-'));
  try {
    const config = options.config ?? defaultConfig;
    const { renderDirectory, readSecret } = createParts({ config, data, environment, log: createLog(() => undefined) });
    const connect = createConnect({
      readSecret,
      login: createLocalLogin(directoryOfKubeconfig(target.cluster, config)),
    });
    await using cluster = await connect(target.cluster, signal);
    const namespace = namespaceOf(target, cluster);
    const rendered = await renderDirectory({ directory: root, target: { ...target, namespace }, signal }).catch(
      (error: unknown) => {
        throw targets === undefined ? error : withPath(error, options);
      },
    );
    const isNamed = options.target !== undefined || targets !== undefined;
    const owner = isNamed ? undefined : await findOwner(cluster, rendered.manifests, target);
    const standing = targets !== undefined ? 'settings' : isNamed || owner !== undefined ? 'directory' : 'nobody';
    return await planTarget(cluster, rendered, { ...target, ...owner }, targets ?? [], standing);
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

/** The targets of the settings that are named, or of sluice.yaml if a target is named and the file is there; undefined without settings. */
function readTargets({ config, target }: PlanOptions): readonly Target[] | undefined {
  if (config === undefined && (target === undefined || !existsSync(defaultConfig))) return undefined;
  return readSettings(config ?? defaultConfig, { local: true }).targets;
}

function find(targets: readonly Target[], name: string | undefined): Target {
  const found = targets.find((target) => target.name === name);
  if (found !== undefined) return found;
  const [only, ...others] = targets;
  if (name === undefined && only !== undefined && others.length === 0) return only;
  throw new Failure(
    'missing',
    name === undefined ? 'Cannot plan: no target is named' : `Cannot plan "${name}": there is no such target`,
    {
      help: `Name one of ${targets.map((target) => `"${target.name}"`).join(', ')}`,
    },
  );
}

/** Without settings a target is a directory and a kubeconfig; its name, or the owner of its objects, tells what prune would remove. */
function unnamed({ target = 'plan', kubeconfig, environment }: PlanOptions, path: string): Target {
  const [first = join(environment.home ?? '/', '.kube/config')] = (environment.kubeconfig ?? '')
    .split(':')
    .filter((file) => file !== '');
  return Target.parse({
    name: target,
    source: { url: 'file:///', branch: 'main', paths: [path] },
    cluster: { kubeconfig: kubeconfigFile(kubeconfig ?? first) },
  });
}

function withOverrides(target: Target, { kubeconfig, context, namespace }: PlanOptions): Target {
  return {
    ...target,
    cluster: {
      ...target.cluster,
      ...(kubeconfig === undefined ? {} : { kubeconfig: kubeconfigFile(kubeconfig) }),
      ...(context === undefined ? {} : { context }),
    },
    ...(namespace === undefined ? {} : { namespace }),
  };
}

function existing(directory: string): string {
  if (existsSync(directory)) return directory;
  throw new Failure('missing', `Cannot plan "${directory}": there is no such directory`, {
    help: 'Name another one with --path',
  });
}

/** A path of the target's repository that is not in the directory: it is probably no work tree of it. */
function withPath(error: unknown, { path }: PlanOptions): unknown {
  if (!(error instanceof Failure) || error.code !== 'NotFound') return error;
  const place = path === undefined ? 'the working directory' : `"${path}"`;
  return withHelp(error, `Name a work tree of the target's repository with --path; ${place} was looked into`);
}

/** The work tree that a directory is part of: a renderer looks above its path, for .flux.yaml and for bases. */
function findRoot(directory: string): string {
  for (let here = directory; here !== dirname(here); here = dirname(here)) {
    if (existsSync(join(here, '.git'))) return here;
  }
  return directory;
}
