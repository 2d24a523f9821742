import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface DockerRegistry extends AsyncDisposable {
  /** `127.0.0.1:<port>`, in plain HTTP. */
  readonly host: string;
  /** Its storage, for what is too much to push. */
  readonly directory: string;
}

export type RegistryAuth =
  | { readonly kind: 'none' }
  /** The user `reader` with the password `secret-of-reader`. */
  | { readonly kind: 'basic' }
  | { readonly kind: 'token'; readonly realm: string; readonly certificate: string };

export const reader = 'reader:secret-of-reader';
// bcrypt, of the password above.
const htpasswd = 'reader:$2b$04$hdLYABK90lJCfPY00Qs4KeKxB0WAH4bvkU9v.GJazaJroeQDjedxi\n';

/** Debian's `docker-registry` on loopback, with a storage of its own. */
export async function startDockerRegistry(auth: RegistryAuth = { kind: 'none' }): Promise<DockerRegistry> {
  const directory = await mkdtemp(join(tmpdir(), 'registry-'));
  const port = await freePort();
  await writeFile(join(directory, 'htpasswd'), htpasswd);
  if (auth.kind === 'token') await writeFile(join(directory, 'token.pem'), auth.certificate);
  const config = {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(directory, 'storage') }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}` },
    ...(auth.kind === 'basic' && { auth: { htpasswd: { realm: 'test', path: join(directory, 'htpasswd') } } }),
    ...(auth.kind === 'token' && {
      auth: {
        token: {
          realm: auth.realm,
          service: 'test',
          issuer: 'test-issuer',
          rootcertbundle: join(directory, 'token.pem'),
        },
      },
    }),
  };
  await writeFile(join(directory, 'config.yml'), JSON.stringify(config));
  const server = spawn('docker-registry', ['serve', join(directory, 'config.yml')], { stdio: 'ignore' });
  const failed = new Promise<never>((_, reject) => server.on('error', reject));
  await Promise.race([listening(port), failed]);
  return {
    host: `127.0.0.1:${port}`,
    directory,
    async [Symbol.asyncDispose]() {
      server.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function listening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await fetch(`http://127.0.0.1:${port}/v2/`).catch(() => undefined);
    if (answer !== undefined) return;
    await sleep(50);
  }
  throw new Error('docker-registry does not listen');
}

export interface PushedImage {
  readonly digest: string;
  readonly config: string;
}

export const oci = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  index: 'application/vnd.oci.image.index.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerList: 'application/vnd.docker.distribution.manifest.list.v2+json',
};

function digestOf(content: string): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** Pushes an image of no layers whose config is `config`, as `docker push` would. */
export async function pushImage(
  base: string,
  repository: string,
  tag: string,
  config: unknown,
  options: { readonly mediaType?: string; readonly authorization?: string } = {},
): Promise<PushedImage> {
  const { mediaType = oci.manifest, authorization } = options;
  const content = JSON.stringify(config);
  const digest = digestOf(content);
  const headers = authorization === undefined ? {} : { authorization };
  const start = await fetch(`${base}/v2/${repository}/blobs/uploads/`, { method: 'POST', headers });
  const location = start.headers.get('location');
  if (location === null) throw new Error(`no upload: ${start.status}`);
  const upload = new URL(location, base);
  upload.searchParams.set('digest', digest);
  const sent = await fetch(upload, {
    method: 'PUT',
    headers: { ...headers, 'content-type': 'application/octet-stream' },
    body: content,
  });
  if (sent.status !== 201) throw new Error(`config not taken: ${sent.status}`);
  const configType = mediaType.includes('docker')
    ? 'application/vnd.docker.container.image.v1+json'
    : 'application/vnd.oci.image.config.v1+json';
  const manifest = {
    schemaVersion: 2,
    mediaType,
    config: { mediaType: configType, digest, size: Buffer.byteLength(content) },
    layers: [],
  };
  return { digest: await pushManifest(base, repository, tag, manifest, mediaType, headers), config: digest };
}

/** Pushes a manifest or an index under a tag; gives its digest. */
export async function pushManifest(
  base: string,
  repository: string,
  tag: string,
  manifest: unknown,
  mediaType: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<string> {
  const body = JSON.stringify(manifest);
  const answer = await fetch(`${base}/v2/${repository}/manifests/${tag}`, {
    method: 'PUT',
    headers: { ...headers, 'content-type': mediaType },
    body,
  });
  if (answer.status !== 201) throw new Error(`manifest not taken: ${answer.status} ${await answer.text()}`);
  return digestOf(body);
}

/** Gives an image many tags at once, in the storage itself. */
export async function addTags(
  registry: DockerRegistry,
  repository: string,
  digest: string,
  tags: readonly string[],
): Promise<void> {
  const folder = join(registry.directory, 'storage/docker/registry/v2/repositories', repository, '_manifests/tags');
  for (const tag of tags) {
    await mkdir(join(folder, tag, 'current'), { recursive: true });
    await writeFile(join(folder, tag, 'current/link'), digest);
  }
}
