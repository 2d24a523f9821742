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

/** A webhook of sluice.yaml and how its sender is set up. Its path may be a secret: it is for whoever reads sluice.yaml anyway. */
export interface WebhookSetup {
  readonly id: string;
  readonly sender: string;
  /** What the makers of the sender call it. */
  readonly product: string;
  /** `/webhooks/{id}`. */
  readonly path: string;
  /** The path is all that keeps others out. */
  readonly isPathSecret: boolean;
  readonly where: string;
  /** What to fill in there; `$URL` and `$SECRET` stand for those of the webhook. */
  readonly fields: readonly (readonly [field: string, value: string])[];
  readonly events: readonly string[];
  /** Where its secret is kept, such as `{ env: NAME }`; absent where it has none. */
  readonly secret?: string;
}

export interface WebhookTestOptions {
  readonly config: string;
  /** The id of a webhook, or its sender where no other has it. */
  readonly webhook: string;
  /** A target to whose branch the push is; absent: a repository and image that concern none. */
  readonly target?: string;
  readonly environment: Environment;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** A delivery as its sender sends it. */
export interface WebhookSample {
  readonly sender: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
