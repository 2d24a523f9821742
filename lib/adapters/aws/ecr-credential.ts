import type { Credential } from '../registry/credentials.ts';
import { readCredential } from '../registry/credentials.ts';
import { awsFailure } from './aws-failure.ts';

export interface EcrOptions {
  /** Instead of AWS's own: for tests. */
  readonly endpoint?: string;
  /** Epoch milliseconds. */
  readonly now?: () => number;
}

/** Credentials of Amazon's registries by the role that this process has. */
export type EcrCredential = (host: string) => Promise<Credential>;

const registryHost = /\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$/;
/** After a failure AWS is not asked again for as long (facts/flux-v1.md §1.8): every image of the account would ask. */
const quietMs = 600_000;

/** The SDK is loaded when the first image of such a registry is looked at. Throws a Failure where the role may not, also for the ten minutes after it. */
export function createEcrCredential({ endpoint, now = Date.now }: EcrOptions = {}): EcrCredential {
  const failures = new Map<string, { readonly failure: Error; readonly until: number }>();

  return async (host) => {
    const region = registryHost.exec(host)?.[1] ?? '';
    const known = failures.get(region);
    if (known !== undefined && now() < known.until) throw known.failure;
    const { ECRClient, GetAuthorizationTokenCommand } = await import('@aws-sdk/client-ecr');
    const client = new ECRClient({ region, ...(endpoint !== undefined && { endpoint }) });
    try {
      const { authorizationData = [] } = await client.send(new GetAuthorizationTokenCommand({}));
      const token = authorizationData[0]?.authorizationToken ?? '';
      return readCredential(Buffer.from(token, 'base64').toString('utf8'), host);
    } catch (error) {
      const failure = awsFailure(`Cannot get credentials of the registry "${host}"`, 'ECR', error);
      failures.set(region, { failure, until: now() + quietMs });
      throw failure;
    } finally {
      client.destroy();
    }
  };
}
