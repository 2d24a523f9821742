import { Failure } from '../domain/failure.ts';
import { formatRevision } from '../domain/jobs/revision.ts';
import { imagesOf } from '../domain/release/target-images.ts';
import { type BringPorts, bring } from './cluster/bring.ts';
import { deleteTarget } from './cluster/delete-target.ts';
import { namespaceOf } from './cluster/namespace-of.ts';
import { withStoredKinds } from './cluster/stored-kinds.ts';
import type { SyncContext, SyncOutcome } from './outcome.ts';
import type { Checkout, Connect, Render } from './ports.ts';
import { indexImages } from './records/index-images.ts';
import { type HeadPorts, resolveHead } from './resolve-head.ts';

export interface SyncPorts extends HeadPorts, BringPorts {
  readonly render: Render;
  readonly connect: Connect;
}

/** Brings one target to the head of its branch: the straight line of DESIGN §2, or of APPLY §7 for a job that removes it. The worker around it holds the lease and records the run. */
export async function sync(context: SyncContext, ports: SyncPorts): Promise<SyncOutcome> {
  const { target, signal } = context;
  const { source } = target;
  if (context.job.remove !== undefined) return await deleteTarget(context, context.job.remove, ports);
  const head = await resolveHead(context, ports);
  if (head.kind === 'behind') return head;
  await context.started(formatRevision(source.branch, head.commit), head.wanted);
  await using checkout = await ports.git.checkout(source, head.commit, {
    submodules: target.submodules,
    files: target.valuesFiles,
    signal,
    ...(context.verifiedUpTo === undefined ? {} : { verifiedUpTo: context.verifiedUpTo }),
  });
  await using connection = await ports.connect(target.cluster, signal, context.held);
  const cluster = withStoredKinds(connection, ports.store, ports.clock);
  const namespace = namespaceOf(target, cluster);
  const rendered = await ports.render({ checkout, target: { ...target, namespace }, signal });
  context.held();
  const images = imagesOf(
    rendered.manifests.map(({ object }) => object),
    namespace,
  );
  await indexImages(ports.store, { name: target.name, source, namespace, images });
  const brought = await bring(cluster, rendered, context, ports);
  const revision = formatRevision(source.branch, checkout.commit);
  if ('stay' in brought) return { kind: 'stayed', revision, stay: brought.stay };
  const error = brought.error ?? unverified(checkout, target.name);
  return {
    kind: 'synced',
    revision,
    ...brought,
    ...(source.verify.mode === 'none' ? {} : { verifiedUpTo: checkout.commit }),
    ...(error === undefined ? {} : { error }),
  };
}

function unverified({ commit, refused }: Checkout, target: string): Failure | undefined {
  if (refused === undefined) return undefined;
  return new Failure('user', `Cannot verify the commit ${refused.commit}: ${refused.reason}`, {
    help: `Target "${target}" is at ${commit}, the last commit before it that verifies. Sign with a key of verify.keys and push again`,
    code: 'Unverified',
  });
}
