import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { freePort } from '../../lib/local/apiserver/free-port.ts';
import { run } from './run.ts';

/** An address that a registry tells of what happens in it. */
export interface Endpoint {
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, readonly string[]>>;
}

/** What became of the events for one endpoint. */
export interface Notified {
  readonly Pending: number;
  readonly Successes: number;
  readonly Failures: number;
  readonly Statuses: Readonly<Record<string, number>>;
}

/** Debian's `docker-registry` on loopback, which notifies. Pulls are not left out: a team that does so is better off, and may not. */
export interface NotifyingRegistry extends AsyncDisposable {
  /** `127.0.0.1:<port>`, in plain HTTP. */
  readonly host: string;
  /** Pushes an image with skopeo: its blobs, its config and its manifest. Gives the digest. */
  push(repository: string, tag: string): Promise<string>;
  /** Pulls as anybody does. */
  pull(repository: string, tag: string): Promise<void>;
  stop(): Promise<void>;
  /** With what it had. */
  restart(): Promise<void>;
  notified(endpoint: string): Promise<Notified>;
  /** Once nothing waits for the endpoint and at least `events` were taken. */
  drained(endpoint: string, events: number): Promise<Notified>;
}

/** @param port where it is to listen; default any that is free. */
export async function startNotifyingRegistry(
  endpoints: readonly Endpoint[],
  givenPort?: number,
): Promise<NotifyingRegistry> {
  const directory = await mkdtemp(join(tmpdir(), 'registry-'));
  const [port, debugPort] = [givenPort ?? (await freePort()), await freePort()];
  const host = `127.0.0.1:${port}`;
  const config = {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(directory, 'storage') } },
    http: { addr: host, debug: { addr: `127.0.0.1:${debugPort}` } },
    notifications: {
      endpoints: endpoints.map((endpoint) => ({ ...endpoint, timeout: '1s', threshold: 3, backoff: '200ms' })),
    },
  };
  await writeFile(join(directory, 'config.yml'), JSON.stringify(config));
  async function start(): Promise<ChildProcess> {
    const started = spawn('docker-registry', ['serve', join(directory, 'config.yml')], { stdio: 'ignore' });
    await listening(host, started);
    return started;
  }
  let server = await start();

  async function notified(name: string): Promise<Notified> {
    const answer = await fetch(`http://127.0.0.1:${debugPort}/debug/vars`);
    const { registry } = (await answer.json()) as {
      readonly registry: {
        readonly notifications: { readonly endpoints: readonly (Endpoint & { readonly Metrics: Notified })[] };
      };
    };
    const found = registry.notifications.endpoints.find((endpoint) => endpoint.name === name);
    if (found === undefined) throw new Error(`the registry has no endpoint ${name}`);
    return found.Metrics;
  }

  return {
    host,
    async push(repository, tag) {
      const layout = join(directory, 'layout');
      const digest = await writeImage(layout, tag);
      await skopeo('copy', '--dest-tls-verify=false', `oci:${layout}:${tag}`, `docker://${host}/${repository}:${tag}`);
      return digest;
    },
    async pull(repository, tag) {
      await skopeo(
        'copy',
        '--src-tls-verify=false',
        `docker://${host}/${repository}:${tag}`,
        `dir:${directory}/pulled`,
      );
    },
    async stop() {
      const ended = once(server, 'exit');
      server.kill();
      await ended;
    },
    async restart() {
      server = await start();
    },
    notified,
    async drained(name, events) {
      let last: Notified | undefined;
      for (const end = Date.now() + 20_000; Date.now() < end; await sleep(50)) {
        last = await notified(name);
        if (last.Pending === 0 && last.Successes >= events) return last;
      }
      throw new Error(`the registry still has ${JSON.stringify(last)}`);
    },
    async [Symbol.asyncDispose]() {
      server.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };

  async function skopeo(...args: readonly string[]): Promise<void> {
    await run('skopeo', ['--insecure-policy', '--tmpdir', directory, ...args], { environment: { HOME: directory } });
  }
}

/** An image of one layer as an OCI layout; another for each tag. */
async function writeImage(directory: string, tag: string): Promise<string> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(join(directory, 'blobs/sha256'), { recursive: true });
  async function blob(
    mediaType: string,
    content: Buffer,
  ): Promise<{ mediaType: string; digest: string; size: number }> {
    const hex = createHash('sha256').update(content).digest('hex');
    await writeFile(join(directory, 'blobs/sha256', hex), content);
    return { mediaType, digest: `sha256:${hex}`, size: content.length };
  }
  const empty = Buffer.alloc(1024);
  const layer = await blob('application/vnd.oci.image.layer.v1.tar+gzip', gzipSync(empty));
  const config = await blob(
    'application/vnd.oci.image.config.v1+json',
    Buffer.from(
      JSON.stringify({
        architecture: 'amd64',
        os: 'linux',
        config: { Labels: { tag } },
        rootfs: { type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(empty).digest('hex')}`] },
      }),
    ),
  );
  const type = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = await blob(
    type,
    Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: type, config, layers: [layer] })),
  );
  const annotations = { 'org.opencontainers.image.ref.name': tag };
  await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  await writeFile(
    join(directory, 'index.json'),
    JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }),
  );
  return manifest.digest;
}

async function listening(host: string, server: ChildProcess): Promise<void> {
  const failed = new Promise<never>((_, reject) => server.once('error', reject));
  for (let attempt = 0; attempt < 200; attempt++) {
    if (server.exitCode !== null) throw new Error(`docker-registry ended with ${server.exitCode}`);
    const answer = await Promise.race([fetch(`http://${host}/v2/`).catch(() => undefined), failed]);
    if (answer !== undefined) return;
    await sleep(50);
  }
  throw new Error('docker-registry does not listen');
}
