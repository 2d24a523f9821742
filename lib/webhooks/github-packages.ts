import * as z from 'zod/mini';
import { imageChanges, type Pushed, splitReference } from './image-changes.ts';
import type { Reading } from './sender.ts';

const text = z.nullish(z.string());

const Package = z.object({
  name: z.string(),
  namespace: text,
  owner: z.nullish(z.object({ login: z.string() })),
  package_type: text,
  registry: z.nullish(z.object({ url: text })),
  package_version: z.nullish(
    z.object({
      version: text,
      package_url: text,
      container_metadata: z.nullish(
        z.object({
          tag: z.nullish(z.object({ name: text, digest: text })),
          manifest: z.nullish(z.object({ digest: text })),
        }),
      ),
    }),
  ),
});
type Package = z.infer<typeof Package>;

const PackageEvent = z.object({
  action: z.string(),
  package: z.optional(Package),
  registry_package: z.optional(Package),
});

/**
 * GHCR's events (facts/webhooks.md §1.2): `package` from the hook of a repository or organisation, `registry_package` from a GitHub App. A
 * multi-arch push is several of them, of which one has the tag.
 */
export function readPackage(body: unknown): Reading {
  const event = PackageEvent.parse(body);
  const found = event.package ?? event.registry_package;
  if (found === undefined || !pushActions.has(event.action)) return { changes: [] };
  return { changes: isContainer(found) ? imageChanges(pushed(found)) : [] };
}

/** `create` in the beta of GHCR. */
const pushActions: ReadonlySet<string> = new Set(['published', 'updated', 'create']);

function isContainer({ package_type, package_version }: Package): boolean {
  if (package_version?.container_metadata) return true;
  return /^(container|docker)$/i.test(package_type ?? '');
}

function pushed(found: Package): Pushed {
  const { version, container_metadata: container } = found.package_version ?? {};
  return {
    image: nameOf(found),
    // The registry before GHCR says no more than the version.
    tag: container ? container.tag?.name : version,
    digest: container?.tag?.digest || container?.manifest?.digest,
  };
}

/** The address of the version, where it is given, knows the host: an own GitHub server has another one. Only the registry before GHCR has its own path. */
function nameOf({ name, namespace, owner, registry, package_version }: Package): string {
  const { image } = splitReference(package_version?.package_url ?? '');
  if (image.includes('/')) return image;
  const ownerName = owner?.login ?? namespace;
  if (package_version?.container_metadata) return ownerName ? `ghcr.io/${ownerName}/${name}` : '';
  return `${(registry?.url ?? '').replace(/^https?:\/\//, '')}/${name}`;
}
