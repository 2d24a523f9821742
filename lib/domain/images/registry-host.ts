/** Clouds whose registries have credentials of their own kind. */
export type RegistryCloud = 'aws' | 'azure' | 'google';

const clouds: readonly (readonly [RegExp, RegistryCloud])[] = [
  [/^\d{12}\.dkr\.ecr(?:-fips)?\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?$/, 'aws'],
  [/.\.azurecr\.(?:io|cn|de|us)$/, 'azure'],
  [/^(?:.+\.)?gcr\.io$|.-docker\.pkg\.dev$/, 'google'],
];

/** The cloud that a registry belongs to, by its host (facts/flux-v1.md §1.8). */
export function registryCloud(host: string): RegistryCloud | undefined {
  return clouds.find(([pattern]) => pattern.test(host))?.[1];
}

/** A repository's path as registries take it (OCI distribution spec, "Pulling manifests"). */
export function isRepositoryPath(path: string): boolean {
  return path.length <= 255 && repositoryPath.test(path);
}

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const repositoryPath = new RegExp(`^${component}(?:/${component})*$`);

export function isTag(text: string): boolean {
  return /^\w[\w.-]{0,127}$/.test(text);
}

export function isDigest(text: string): boolean {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

/**
 * Whether a host is a name that anybody may write into a manifest. Addresses, `localhost` and names without a dot lead into our own network:
 * such a host is only asked if `registries` names it.
 */
export function isPublicName(host: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/\.$/, '');
  return (
    name.includes('.') &&
    !/^[\d.]+$/.test(name) &&
    !/\.(?:local|localhost|internal)$/i.test(name) &&
    !name.includes('[')
  );
}
