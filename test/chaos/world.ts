import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { findApiServerBinaries } from '../../lib/local/apiserver/binaries.ts';
import { standInForKubelet } from '../../lib/local/demo/stand-in-kubelet.ts';
import { type Serve, startServe } from '../e2e/serve.ts';
import { type FaultProxy, startFaultProxy } from '../fakes/fault-proxy.ts';
import { type GitHttp, startGitHttp } from '../parts/git-http.ts';
import { run } from '../parts/run.ts';
import { type Branch, createBranch } from './branch.ts';
import { type Canaries, createCanaries } from './canaries.ts';
import { type CrashableApiServer, startCrashableApiServer } from './crashable-api-server.ts';
import { type Door, openDoor } from './door.ts';
import { type Editor, firstTree, type Place } from './manifests.ts';
import { createRandom } from './random.ts';
import { createShiftedClock, type ShiftedClock } from './shifted-clock.ts';
import { mountSmallDisk, type SmallDisk } from './small-disk.ts';

/** A branch, where it is served, and the targets that it is the source of. */
export interface Stream {
  readonly branch: Branch;
  readonly bare: string;
  readonly url: string;
  readonly places: readonly Place[];
}

/** Everything around `sluice serve`, real but for the two proxies that make it go wrong. */
export interface World extends AsyncDisposable {
  readonly api: CrashableApiServer;
  /** Between `sluice serve` and the API server. */
  readonly proxy: FaultProxy;
  readonly git: GitHttp;
  /** Between `sluice serve` and the git server. */
  readonly door: Door;
  readonly serve: Serve;
  /** That of its data; undefined where nobody may mount one. */
  readonly disk: SmallDisk | undefined;
  readonly clock: ShiftedClock;
  readonly canaries: Canaries;
  readonly editor: Editor;
  readonly streams: readonly Stream[];
  /** A folder that goes with the world. */
  readonly directory: string;
}

const repositories = 4;
const cache = join(import.meta.dirname, '../../node_modules/.cache/sluice/kube');

/** Twenty targets in eight branches of four repositories; every fourth branch has a kustomization. */
export async function openWorld(seed: number): Promise<World> {
  const binaries = await findApiServerBinaries({ assets: process.env.KUBEBUILDER_ASSETS, cache });
  if (binaries === undefined) throw new Error('There is no kube-apiserver: set KUBEBUILDER_ASSETS');
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'sluice-chaos-'));
  stack.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));
  const served = join(directory, 'served');
  await mkdir(served);

  const canaries = createCanaries();
  const editor = { canaries, random: createRandom(seed, 'edits') };
  const gitToken = canaries.secret('git-token');
  canaries.add(Buffer.from(`x-access-token:${gitToken}`).toString('base64'));
  const git = stack.use(await startGitHttp({ root: served, password: gitToken }));
  const door = stack.use(await openDoor(git.url));
  const [streams, api] = await Promise.all([
    createStreams(served, door.url, editor),
    startCrashableApiServer(binaries, join(directory, 'kube')),
  ]);
  stack.use(api);
  const proxy = stack.use(await startFaultProxy(api.kubeconfig));
  const standIn = standInForKubelet(api.kubeconfig);
  stack.defer(() => standIn.stop());
  const kubeconfig = await readFile(proxy.kubeconfig, 'utf8');
  canaries.add(parse(kubeconfig).users[0].user.token);
  await Promise.all(streams.flatMap(({ places }) => places.map((place) => createNamespace(api, place))));

  let disk: SmallDisk | undefined;
  const clock = stack.use(createShiftedClock(join(directory, 'clock')));
  const serve = stack.use(
    await startServe({
      settings: { targets: streams.flatMap((stream) => stream.places.map((place) => targetOf(stream, place))) },
      secrets: {
        'webhook-secret': canaries.secret('webhook'),
        token: canaries.secret('api-token'),
        'git-token': gitToken,
        kubeconfig,
      },
      environment: clock.environment,
      async prepare(data) {
        await mkdir(data, { mode: 0o700 });
        disk = mountSmallDisk(data);
      },
    }),
  );
  if (disk !== undefined) stack.use(disk);
  const kept = stack.move();
  return {
    api,
    proxy,
    git,
    door,
    serve,
    disk,
    clock,
    canaries,
    editor,
    streams,
    directory,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function createStreams(served: string, url: string, editor: Editor): Promise<readonly Stream[]> {
  const streams: Stream[] = [];
  for (let repository = 0; repository < repositories; repository += 1) {
    const bare = join(served, `repository-${repository}.git`);
    await run('git', ['init', '-q', '--bare', '-b', 'main', bare]);
    for (const setting of ['uploadpack.allowFilter', 'uploadpack.allowAnySHA1InWant']) {
      await run('git', ['--git-dir', bare, 'config', setting, 'true']);
    }
    for (const [name, numbers] of [
      ['main', [0, 1, 2]],
      ['release', [3, 4]],
    ] as const) {
      const places = numbers.map((number): Place => {
        const target = `t${repository}${number}`;
        return {
          target,
          namespace: `chaos-${target}`,
          path: `deploy/${target}`,
          isKustomize: number === 2 && repository % 2 === 0,
        };
      });
      const branch = await createBranch(bare, name, firstTree(places, editor));
      streams.push({ branch, bare, url: `${url}/repository-${repository}.git`, places });
    }
  }
  return streams;
}

function targetOf({ url, branch }: Stream, { target, namespace, path }: Place): unknown {
  return {
    name: target,
    source: { url, branch: branch.name, paths: [path], auth: { token: { file: 'git-token' } } },
    cluster: { kubeconfig: { file: 'kubeconfig' } },
    namespace,
    interval: '1h',
    retryInterval: '1m',
  };
}

/** The name of what somebody else has in each namespace. */
export const foreignName = 'of-another-owner';

/** A namespace, and in it what is not ours: plain, and with the label of a member, as controllers copy labels. */
async function createNamespace({ ask }: CrashableApiServer, { namespace, target }: Place): Promise<void> {
  const label = { 'applyset.kubernetes.io/part-of': inventoryId(target) };
  const core = `/api/v1/namespaces/${namespace}`;
  for (const [path, object] of [
    ['/api/v1/namespaces', { metadata: { name: namespace } }],
    [`${core}/configmaps`, { metadata: { name: foreignName }, data: { whose: 'not ours' } }],
    [`${core}/secrets`, { metadata: { name: foreignName, labels: label }, stringData: { whose: 'not ours' } }],
  ] as const) {
    const { status } = await ask('POST', path, object);
    if (status !== 201) throw new Error(`Cannot create at "${path}": answered ${status}`);
  }
}

/** KEP-3659, worked out here once more. */
export function inventoryId(target: string): string {
  const hash = createHash('sha256').update(`sluice-${target}.default.ConfigMap.`).digest('base64url');
  return `applyset-${hash}-v1`;
}
