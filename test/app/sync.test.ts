import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { createGit } from '../../lib/adapters/git/git.ts';
import type { SyncOutcome } from '../../lib/app/outcome.ts';
import type { Checkout, Connect, Git } from '../../lib/app/ports.ts';
import { sync } from '../../lib/app/sync.ts';
import type { SyncJob } from '../../lib/domain/jobs/job.ts';
import { createLog } from '../../lib/log.ts';
import { createRender } from '../../lib/render/render.ts';
import { createCheckoutRender } from '../../lib/render/render-checkout.ts';
import { describeCluster, rawApi, useNamespace } from '../parts/api-server.ts';
import { createRepository } from '../parts/repository.ts';
import { createWorld, targetOf } from './cluster/world.ts';

const merge = { 'content-type': 'application/merge-patch+json' };

describeCluster('sync', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const api = rawApi(kubeconfig);
  const directory = mkdtempSync(join(tmpdir(), 'sluice-sync-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  /** A target of a repository of its own; every part is the real one. */
  async function line() {
    const name = `sync-${randomBytes(4).toString('hex')}`;
    const repository = await createRepository(directory, name);
    const source = { url: repository.url, branch: 'main' };
    const target = targetOf(name, { source, namespace, inventory: { namespace } });
    const { connect, store } = createWorld(kubeconfig, name);
    const started: string[] = [];
    const scratch = join(directory, `${name}-scratch`);
    const git = createGit({ scratch, readSecret: async () => '', allowLocal: true });

    async function walk(
      job: Partial<SyncJob> = {},
      more: {
        readonly git?: Git;
        readonly verify?: object;
        readonly connect?: Connect;
        readonly held?: () => void;
      } = {},
    ): Promise<SyncOutcome> {
      const verified = { ...target, source: { ...target.source, ...more.verify } };
      return await sync(
        {
          target: verified,
          job: { kind: 'sync', target: name, run: 'r', cause: { kind: 'manual', by: 'test' }, attempt: 0, ...job },
          signal: new AbortController().signal,
          held: more.held ?? (() => undefined),
          log: createLog(() => undefined),
          applied: undefined,
          verifiedUpTo: undefined,
          wanted: undefined,
          started: async (revision) => void started.push(revision),
        },
        {
          store,
          connect: more.connect ?? connect,
          git: more.git ?? git,
          render: createCheckoutRender(
            createRender({ tools: () => Promise.reject(new Error('no tool is needed')), scratch }),
          ),
          clock: Date.now,
          sleep: async () => undefined,
          installation: 'test',
          targets: [target],
        },
      );
    }
    return { name, repository, started, git, walk, connect };
  }

  function map(name: string): Record<string, string> {
    return { [`${name}.yaml`]: `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n` };
  }

  it('brings the head of the branch into the cluster, told as started before anything is touched', async () => {
    const { name, repository, started, walk } = await line();
    const revision = `main@sha1:${await repository.commit(map(name))}`;
    expect(await walk()).toMatchObject({ kind: 'synced', revision, changes: { created: 1 }, health: 'Current' });
    expect(started).toEqual([revision]);
  });

  it('of a forge that still shows the head before the push touches nothing', async () => {
    const { name, repository, started, walk } = await line();
    const before = await repository.commit(map(name));
    const job = { before, after: 'b'.repeat(40), wanted: Date.now() };
    expect(await walk(job)).toEqual({ kind: 'behind', afterSeconds: expect.any(Number) });
    expect(started).toEqual([]);
  });

  it('of a target that is suspended in its cluster says by whom', async () => {
    const { name, repository, walk } = await line();
    const commit = await repository.commit(map(name));
    await walk();
    const annotations = { 'sluice.dev/suspended': 'ann 2026-11-22' };
    await api(
      'PATCH',
      `/api/v1/namespaces/${namespace}/configmaps/sluice-${name}`,
      { metadata: { annotations } },
      merge,
    );
    expect(await walk()).toEqual({
      kind: 'stayed',
      revision: `main@sha1:${commit}`,
      stay: {
        how: 'suspended',
        reason: 'ann 2026-11-22',
        annotation: 'sluice.dev/suspended',
        parent: `${namespace}/sluice-${name}`,
      },
    });
  });

  it('of a commit that does not verify brings the last good one, and fails with what to do', async () => {
    const { name, repository, git, walk } = await line();
    const good = await repository.commit(map(name));
    const bad = await repository.commit(map(`${name}-bad`));
    const refused = { commit: bad, reason: 'it is not signed' };
    const lastGood: Git = {
      head: git.head,
      async checkout(source, _commit, options): Promise<Checkout> {
        const { verify: _, ...rest } = source;
        return Object.assign(await git.checkout({ ...rest, verify: { mode: 'none', keys: [] } }, good, options), {
          refused,
        });
      },
    };
    const outcome = await walk({}, { git: lastGood, verify: { verify: { mode: 'head', keys: [] } } });
    expect(outcome).toMatchObject({
      revision: `main@sha1:${good}`,
      verifiedUpTo: good,
      changes: { created: 1 },
      error: {
        fault: 'user',
        message: `Cannot verify the commit ${bad}: it is not signed`,
        help: expect.stringContaining(`"${name}" is at ${good}, the last commit before it that verifies`),
      },
    });
  });

  it.each([{}, { remove: 'objects' }] as const)('has every write of %j ask whether the lease is held', async (job) => {
    const { name, repository, walk, connect } = await line();
    await repository.commit(map(name));
    const held = () => undefined;
    const asked: unknown[] = [];
    await walk(job, {
      held,
      connect(_access, _signal, ask) {
        asked.push(ask);
        return connect();
      },
    });
    expect(asked).toEqual([held]);
  });

  it('of a removal renders nothing and deletes what the target owns', async () => {
    const { name, repository, walk } = await line();
    await repository.commit(map(name));
    await walk();
    expect(await walk({ remove: 'objects' })).toMatchObject({ kind: 'synced', changes: { deleted: 1 } });
  });
});
