import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createGit } from '../../../lib/adapters/git/git.ts';
import { createGitWriter } from '../../../lib/adapters/git/writer.ts';
import { createRegistry } from '../../../lib/adapters/registry/registry.ts';
import { receive } from '../../../lib/app/jobs/receive.ts';
import { sendReleases } from '../../../lib/app/jobs/send-jobs.ts';
import { workCheck } from '../../../lib/app/jobs/work-check.ts';
import { workRelease } from '../../../lib/app/jobs/work-release.ts';
import type { Message } from '../../../lib/app/ports.ts';
import { indexImages } from '../../../lib/app/records/index-images.ts';
import { createRun } from '../../../lib/app/records/runs.ts';
import { release } from '../../../lib/app/release/release.ts';
import type { ReleasePorts } from '../../../lib/app/release/release-context.ts';
import type { Forge, Registry } from '../../../lib/app/release-ports.ts';
import type { ReleaseJob } from '../../../lib/domain/jobs/job.ts';
import { queueRun, type Run } from '../../../lib/domain/jobs/run.ts';
import { runIdOf } from '../../../lib/domain/jobs/run-id.ts';
import { imagesOf } from '../../../lib/domain/release/target-images.ts';
import type { Target } from '../../../lib/domain/settings/settings.ts';
import { createRender } from '../../../lib/render/render.ts';
import { createOpenDraft } from '../../../lib/rewrite/open-draft.ts';
import { pushImage } from '../../parts/docker-registry.ts';
import { createRepository, type FileContents, type Repository } from '../../parts/repository.ts';
import { run } from '../../parts/run.ts';
import { tools } from '../../render/tools.ts';
import { createJobWorld, type JobWorld, targetsOf } from '../jobs/job-world.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A repository, a registry and what writes from one to the other; queue, store and clock are those of the job world. */
export interface ReleaseWorld {
  readonly jobs: JobWorld;
  readonly repository: Repository;
  readonly target: Target;
  readonly targets: readonly Target[];
  /** What the registry was asked: `tags acme/shop`, `image acme/shop:1.0`. */
  readonly asked: string[];
  /** Pull requests that were opened. */
  readonly proposed: { readonly title: string; readonly body: string; readonly branch: string }[];
  /** Of the next work. */
  ports: ReleasePorts;
  /** Throws what is given instead of asking the registry, while it is set. */
  trouble: unknown;
  /** Pushes the files, and indexes what the targets use as their syncs do. */
  commit(files: Readonly<Record<string, FileContents>>): Promise<string>;
  /** Pushes an image, made at a time, without telling anybody. */
  image(name: string, created?: string): Promise<void>;
  /** An event of the registry; gives the runs. */
  event(name: string, delivery?: string): Promise<readonly string[]>;
  /** Queues what somebody asks for. */
  ask(job: Partial<ReleaseJob> & Pick<ReleaseJob, 'spec'>): Promise<string>;
  /** Does the next message of the queue. */
  work(limits?: Parameters<typeof workRelease>[2]): Promise<Message>;
  /** Does all that is queued, moving the clock over what waits. */
  drain(seconds?: number): Promise<void>;
  run(id: string | undefined): Promise<Run>;
  head(branch?: string): Promise<string>;
  /** A file at the head. */
  file(path: string, branch?: string): Promise<string>;
  /** Subjects of the commits, newest first. */
  log(branch?: string): Promise<readonly string[]>;
}

/** Targets, by default one named `shop`, of one repository; `host` is that of the registry. */
export async function createReleaseWorld(host: string, ...settings: readonly Fields[]): Promise<ReleaseWorld> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-release-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));
  const repository = await createRepository(directory, 'shop');
  const wanted = settings.length === 0 ? [{}] : settings;
  const targets = targetsOf(
    ...wanted.map((fields, index) => ({
      name: index === 0 ? 'shop' : `shop-${index}`,
      namespace: 'shop',
      automation: {},
      ...fields,
      source: { url: repository.url, branch: 'main', ...(fields.source as object | undefined) },
    })),
  );
  const jobs = createJobWorld(targets);
  const { store, queue, clock, newId } = jobs.ports;
  const scratch = join(directory, 'scratch');
  const readSecret = async () => '';
  const parts = { tools, scratch: join(scratch, 'render') };
  const real = createRegistry({ registries: [{ host, insecure: true }], readSecret, patienceMs: 3000 });
  onTestFinished(() => real[Symbol.dispose]());
  const asked: string[] = [];
  const proposed: { title: string; body: string; branch: string }[] = [];

  function telling<Arguments extends readonly unknown[], Result>(
    what: (...args: Arguments) => string,
    call: (...args: Arguments) => Promise<Result>,
  ) {
    return async (...args: Arguments): Promise<Result> => {
      asked.push(what(...args));
      if (world.trouble !== undefined) throw world.trouble;
      return await call(...args);
    };
  }
  const registry: Registry = {
    ...real,
    tags: telling((name) => `tags ${name.path}`, real.tags),
    image: telling((name, tag) => `image ${name.path}:${tag}`, real.image),
  };
  const forge: Forge = {
    async propose({ title, body, branch }) {
      proposed.push({ title, body, branch });
      return { url: `https://forge.example/pulls/${proposed.length}`, isNew: true };
    },
  };
  const gitOptions = { scratch, readSecret, allowLocal: true, path: process.env.PATH ?? '' };
  const ports: ReleasePorts = {
    store,
    clock,
    registry,
    forge,
    writer: createGitWriter(gitOptions),
    openDraft: createOpenDraft(parts),
  };
  const workPorts = {
    ...jobs.ports,
    release: (context: Parameters<typeof release>[0]) => release(context, world.ports),
  };
  const git = createGit(gitOptions);
  const render = createRender(parts);

  async function index(): Promise<void> {
    for (const target of targets.values()) {
      const head = await git.head(target.source);
      await using checkout = await git.checkout(target.source, head, { submodules: false, files: target.valuesFiles });
      const namespace = target.namespace ?? 'default';
      const { manifests } = await render({ directory: await checkout.write(), target: { ...target, namespace } });
      const images = imagesOf(
        manifests.map(({ object }) => object),
        namespace,
      );
      await indexImages(store, { name: target.name, source: target.source, namespace, images });
    }
  }

  const bare = (...args: string[]) => run('git', ['--git-dir', repository.bare, ...args]);
  const [first] = targets.values();
  if (first === undefined) throw new Error('There is a target');
  const world: ReleaseWorld = {
    jobs,
    repository,
    target: first,
    targets: [...targets.values()],
    asked,
    proposed,
    ports,
    trouble: undefined,
    async commit(files) {
      const commit = await repository.commit(files);
      await index();
      return commit;
    },
    async image(name, created = new Date(clock()).toISOString()) {
      const [path = '', tag = ''] = name.split(':');
      await pushImage(`http://${host}`, path, tag, { architecture: 'amd64', os: 'linux', created, tag });
    },
    async event(name, delivery) {
      const [path, tag] = name.split(':');
      const changes = [{ kind: 'image' as const, image: `${host}/${path}`, ...(tag !== undefined && { tag }) }];
      const { runs } = await receive(
        { webhookId: 'registry', deliveryId: delivery, by: 'registry', changes },
        jobs.ports,
      );
      return runs;
    },
    async ask(job) {
      const { url, branch } = first.source;
      const id = runIdOf(clock(), [newId()]);
      const whole: ReleaseJob = {
        kind: 'release',
        url,
        branch,
        targets: [first.name],
        run: id,
        cause: { kind: 'manual', by: 'ann' },
        attempt: 0,
        ...job,
      };
      if (whole.cause.kind !== 'sweep') await createRun(store, queueRun(whole, clock()), clock());
      await sendReleases(queue, [whole]);
      return id;
    },
    async work(limits) {
      const message = await jobs.next('release');
      if (message === undefined) throw new Error('The queue release has no message that is visible');
      await workRelease(message, workPorts, limits);
      return message;
    },
    async drain(seconds = 3600) {
      for (let left = seconds; left > 0; ) {
        const message = await jobs.next('release');
        if (message !== undefined) await workRelease(message, workPorts);
        const check = await jobs.next('check');
        if (check !== undefined) await workCheck(check, jobs.ports);
        if (message !== undefined || check !== undefined) continue;
        const depths = await Promise.all([queue.depth('release'), queue.depth('check')]);
        if (depths.every(({ waiting, inFlight }) => waiting + inFlight === 0)) return;
        jobs.advance(1);
        left--;
      }
    },
    run: jobs.run,
    head: (branch = 'main') => bare('rev-parse', `refs/heads/${branch}`),
    file: (path, branch = 'main') => bare('show', `refs/heads/${branch}:${path}`),
    log: async (branch = 'main') => (await bare('log', '--format=%s', `refs/heads/${branch}`)).split('\n'),
  };
  return world;
}

export interface DeploymentOptions {
  readonly filter?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A manifest on lines of its own, automated unless its annotations say otherwise. */
export function deployment(name: string, image: string, options: DeploymentOptions = {}): string {
  const { filter = 'semver:~1', annotations = { 'fluxcd.io/automated': 'true' } } = options;
  const lines = Object.entries({ ...annotations, 'fluxcd.io/tag.app': filter }).map(
    ([key, value]) => `    ${key}: '${value}'\n`,
  );
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  annotations:
${lines.join('')}spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec:
      containers:
        - name: app
          image: ${image}
`;
}
