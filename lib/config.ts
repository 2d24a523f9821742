import { Failure } from './domain/failure.ts';

/** What the process is told by its surroundings. Nothing else reads `process.env` (STYLE §2.10). */
export interface Environment {
  /** SLUICE_URL: the server that the CLI talks to. */
  readonly url?: string;
  /** SLUICE_TOKEN: the CLI's bearer token. */
  readonly token?: string;
  /** NO_COLOR is set, to anything but nothing (no-color.org), or TERM is `dumb`. */
  readonly noColor: boolean;
  /** CI is set: no questions, no progress lines. */
  readonly ci: boolean;
  /** COLUMNS: the width of a table where the terminal does not tell its own. */
  readonly columns?: number;
  /** KUBECONFIG: paths of kubeconfig files, parted by `:`. */
  readonly kubeconfig?: string;
  /** KUBEBUILDER_ASSETS: a directory that holds `kube-apiserver` and `etcd`. */
  readonly kubebuilderAssets?: string;
  /** HOME: where `~/.kube/config` is looked for. */
  readonly home?: string;
  /** PATH: where git, ssh and other programs are looked for. */
  readonly path: string;
  /** Every variable, for `{ env: NAME }` secrets (adapters/secrets.ts) alone; never handed to a child (DESIGN §8). */
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** An empty variable counts as absent. */
export function readEnvironment(variables: Environment['variables'] = process.env): Environment {
  const columns = Number.parseInt(variables.COLUMNS ?? '', 10);
  return {
    ...(variables.SLUICE_URL ? { url: variables.SLUICE_URL } : {}),
    ...(variables.SLUICE_TOKEN ? { token: variables.SLUICE_TOKEN } : {}),
    noColor: Boolean(variables.NO_COLOR) || variables.TERM === 'dumb',
    ci: Boolean(variables.CI) && variables.CI !== 'false',
    ...(columns > 0 ? { columns } : {}),
    ...(variables.KUBECONFIG ? { kubeconfig: variables.KUBECONFIG } : {}),
    ...(variables.KUBEBUILDER_ASSETS ? { kubebuilderAssets: variables.KUBEBUILDER_ASSETS } : {}),
    ...(variables.HOME ? { home: variables.HOME } : {}),
    path: variables.PATH || '/usr/local/bin:/usr/bin:/bin',
    variables,
  };
}

/** What a function in AWS is told by serverless.yml, and by Lambda itself. */
export interface FunctionEnvironment {
  readonly stage: string;
  /** The settings that travel with the function, as JSON; or `s3://bucket/key` of a sluice.yaml. */
  readonly config: string;
  /** Names this installation on leases and inventories. */
  readonly installation: string;
  readonly table: string;
  readonly queues: { readonly sync: string; readonly release: string; readonly check: string };
  /** How many syncs run at once. */
  readonly syncConcurrency: number;
  /** AWS_REGION, which Lambda sets. */
  readonly region: string;
  /** AWS_ENDPOINT_URL: another server than those of AWS, as the SDKs have it; for tests. */
  readonly endpoint?: string;
}

/** The variables of `FunctionEnvironment` that serverless.yml sets: these and no other. */
export const functionVariables = [
  'SLUICE_CONFIG',
  'SLUICE_INSTALLATION',
  'SLUICE_QUEUE_CHECK',
  'SLUICE_QUEUE_RELEASE',
  'SLUICE_QUEUE_SYNC',
  'SLUICE_STAGE',
  'SLUICE_SYNC_CONCURRENCY',
  'SLUICE_TABLE',
] as const;

/** Throws a `server` Failure that names every variable that is missing: whoever deployed the function left it out. */
export function readFunctionEnvironment(variables: Environment['variables'] = process.env): FunctionEnvironment {
  const missing: string[] = [];
  function read(name: (typeof functionVariables)[number] | 'AWS_REGION'): string {
    const value = variables[name] || undefined;
    if (value === undefined) missing.push(name);
    return value ?? '';
  }
  const environment = {
    stage: read('SLUICE_STAGE'),
    config: read('SLUICE_CONFIG'),
    installation: read('SLUICE_INSTALLATION'),
    table: read('SLUICE_TABLE'),
    queues: {
      sync: read('SLUICE_QUEUE_SYNC'),
      release: read('SLUICE_QUEUE_RELEASE'),
      check: read('SLUICE_QUEUE_CHECK'),
    },
    syncConcurrency: Number(read('SLUICE_SYNC_CONCURRENCY')),
    region: read('AWS_REGION'),
    ...(variables.AWS_ENDPOINT_URL ? { endpoint: variables.AWS_ENDPOINT_URL } : {}),
  };
  if (missing.length === 0) return environment;
  throw new Failure('server', `Cannot start the function: ${missing.join(', ')} is not set`, {
    help: 'Deploy it with "npm run deploy", which sets every variable',
  });
}

/** Where and how the commands of infra reach AWS; credentials come by the SDK's own chain. */
export interface AwsEnvironment {
  /** AWS_REGION. */
  readonly region?: string;
  /** AWS_ENDPOINT_URL: another server than those of AWS, for tests. */
  readonly endpoint?: string;
}

export function readAwsEnvironment(variables: Environment['variables'] = process.env): AwsEnvironment {
  return {
    ...(variables.AWS_REGION ? { region: variables.AWS_REGION } : {}),
    ...(variables.AWS_ENDPOINT_URL ? { endpoint: variables.AWS_ENDPOINT_URL } : {}),
  };
}
