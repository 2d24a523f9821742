import type { Environment } from '../config.ts';
import type { PlanView } from '../domain/plan-view.ts';

/** What the CLI asks of lib/local, loaded only by the commands that need it: the others start without git, YAML and Kubernetes. */

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
  /** The directory to render instead of the target's paths below the working directory. */
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

interface Local {
  'serve.ts': { serve(options: ServeOptions): Promise<void> };
  'plan.ts': { planLocally(options: PlanOptions): Promise<PlanView> };
  /** The Role and its binding as YAML. */
  'rbac.ts': { roleOfTarget(options: RoleOptions): Promise<string> };
}

/** A module of lib/local. */
export async function loadLocal<File extends keyof Local>(file: File): Promise<Local[File]> {
  return (await import(new URL(`../local/${file}`, import.meta.url).href)) as Local[File];
}
