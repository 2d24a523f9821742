/**
 * Every address under which Azure Repos serves the repository of one of them: the host of an organisation before and after it was renamed, with
 * and without the default collection, over https and ssh, and without the project where the repository has its name. Only the address
 * itself for a server of one's own.
 */
export function azureAddresses(remoteUrl: string): readonly string[] {
  const { hostname = '', pathname = '' } = URL.parse(remoteUrl) ?? {};
  const [, named, path = ''] = /^\/([^/]+)(\/.*)$/.exec(hostname === 'dev.azure.com' ? pathname : '') ?? [];
  const [, renamed] = /^([a-z0-9-]+)\.visualstudio\.com$/.exec(hostname) ?? [];
  const organisation = named ?? renamed;
  const [, project = '', repository] =
    /^(?:\/DefaultCollection)?(?:\/([^/]+))?\/_git\/([^/]+)\/?$/i.exec(named === undefined ? pathname : path) ?? [];
  if (organisation === undefined || repository === undefined) return [remoteUrl];

  const own = project || repository;
  const paths = [`${own}/_git/${repository}`, ...(own === repository ? [`_git/${repository}`] : [])];
  return [
    ...[`https://dev.azure.com/${organisation}`, `https://${organisation}.visualstudio.com`].flatMap((base) =>
      paths.flatMap((rest) => [`${base}/${rest}`, `${base}/DefaultCollection/${rest}`]),
    ),
    `git@ssh.dev.azure.com:v3/${organisation}/${own}/${repository}`,
    `${organisation}@vs-ssh.visualstudio.com:v3/${organisation}/${own}/${repository}`,
  ];
}
