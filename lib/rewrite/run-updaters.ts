import { readdirSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Failure } from '../domain/failure.ts';
import { containersOf } from '../domain/images/containers.ts';
import { imageVariables, policyVariables, type Variables } from '../domain/release/updater-environment.ts';
import type { FluxConfig } from '../render/flux-config.ts';
import { runInShell } from '../render/flux-shell.ts';
import { inContext } from '../render/render.ts';
import type { PlacedWorkload, RewriteContext, Wish } from './place.ts';

type Updaters = (FluxConfig & { readonly mode: 'commandUpdated' })['updaters'];

interface UpdaterContext extends RewriteContext {
  /** Where they run, in the checkout. */
  readonly directory: string;
  readonly updaters: Updaters;
}

/** Runs the updaters of a `.flux.yaml`, all of them in order, for each image and policy; what they write into the checkout is taken over. */
export async function runUpdaters(
  { place, manifest, id }: PlacedWorkload,
  wish: Wish,
  context: UpdaterContext,
): Promise<void> {
  const { directory, updaters, root, texts, parts, signal } = context;
  const calls = [
    ...[...wish.images].map(([container, image]) => ({
      use: 'containerImage' as const,
      environment: imageVariables(id, container, image),
    })),
    ...policyCalls(wish, manifest.object, id),
  ];
  await texts.write();
  const before = stampsBelow(root);
  for (const { use, environment } of calls) {
    const commands = updaters.flatMap((updater) => updater[use] ?? []);
    if (commands.length === 0) {
      throw new Failure('user', `Cannot edit "${place.path}": its .flux.yaml has no updater for ${use}`, {
        code: 'NotEdited',
        help: 'Add one to updaters, or use patchUpdated with a patchFile',
      });
    }
    for (const { command, timeout = place.target.timeout } of commands) {
      const timeoutSeconds = Math.min(timeout, place.target.timeout);
      const request = { directory: root, target: place.target, path: directory, signal };
      await inContext(parts, request, (inside) =>
        runInShell(inside, { command, timeoutSeconds, role: 'updater', environment }),
      );
    }
  }
  for (const [file, stamp] of stampsBelow(root)) if (before.get(file) !== stamp) texts.take(file);
}

function policyCalls(
  { policies }: Wish,
  object: PlacedWorkload['manifest']['object'],
  id: PlacedWorkload['id'],
): readonly { readonly use: 'policy'; readonly environment: Variables }[] {
  if (policies === undefined) return [];
  const { tag_all: filter, ...add } = policies.add;
  const tags =
    filter === undefined ? [] : containersOf(object).map(({ name }): [string, string] => [`tag.${name}`, filter]);
  const removed = new Set(policies.remove);
  return [
    ...[...Object.entries(add), ...tags]
      .filter(([policy]) => !removed.has(policy))
      .map(([policy, value]) => policyVariables(id, policy, value)),
    ...policies.remove.map((policy) => policyVariables(id, policy, undefined)),
  ].map((environment) => ({ use: 'policy' as const, environment }));
}

/** What tells of each file whether it was written: when, and how long it is. */
function stampsBelow(root: string): ReadonlyMap<string, string> {
  const stamps = new Map<string, string>();
  for (const entry of readdirSync(root, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const status = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (status !== undefined) stamps.set(relative(root, path), `${status.mtimeNs} ${status.size} ${status.ino}`);
  }
  return stamps;
}
