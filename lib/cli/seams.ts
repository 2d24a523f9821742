import type { Environment } from '../config.ts';

/** What the CLI gives to lib/local, which only the commands that need it load: the others start without git and Kubernetes. */

export interface ServeOptions {
  /** Path of sluice.yaml. */
  readonly config: string;
  readonly host: string;
  readonly port: number;
  /** Directory of the embedded queue and store; made if it is not there. */
  readonly data: string;
  readonly environment: Environment;
  /** Aborted when it shall drain and end. */
  readonly signal: AbortSignal;
  /** For people: where it listens, what it cannot do here. */
  print(line: string): void;
}

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

export interface RoleOptions {
  readonly config: string;
  readonly target: string;
  readonly environment: Environment;
}
