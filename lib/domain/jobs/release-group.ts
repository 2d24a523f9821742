import { repositoryLocation } from './repository-url.ts';

/**
 * `github.com/acme/shop#main`: what is written to one at a time. The same for every address of one repository; for a text that is no address
 * the text itself.
 */
export function releaseGroup({ url, branch }: { readonly url: string; readonly branch: string }): string {
  return `${repositoryLocation(url) ?? url}#${branch}`;
}
