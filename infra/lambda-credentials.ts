import { fromEnv } from '@aws-sdk/credential-provider-env';

/**
 * Stands for `@aws-sdk/credential-provider-node` in the bundles: Lambda gives a function its role's credentials as variables, and profiles, SSO and
 * the metadata of machines, with a client for each, are a quarter of the SDK.
 */
export const defaultProvider: typeof fromEnv = fromEnv;
