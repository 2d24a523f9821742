import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** Writes an image of one empty layer as an OCI layout (image-spec, "Image Layout"); gives the digest of its manifest. */
export async function writeLayout(directory: string, tag: string, config: object): Promise<string> {
  await mkdir(join(directory, 'blobs/sha256'), { recursive: true });
  const tar = Buffer.alloc(1024);
  const layer = await writeBlob(directory, gzipSync(tar));
  const rootfs = { type: 'layers', diff_ids: [`sha256:${sha256(tar)}`] };
  const image = await writeBlob(directory, JSON.stringify({ ...config, rootfs }));
  const manifest = await writeBlob(
    directory,
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...image },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...layer }],
    }),
  );
  const entry = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    ...manifest,
    annotations: { 'org.opencontainers.image.ref.name': tag },
  };
  await writeFile(join(directory, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [entry] }));
  await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion": "1.0.0"}');
  return manifest.digest;
}

async function writeBlob(
  directory: string,
  content: string | Buffer,
): Promise<{ readonly digest: string; readonly size: number }> {
  const hash = sha256(content);
  await writeFile(join(directory, 'blobs/sha256', hash), content);
  return { digest: `sha256:${hash}`, size: Buffer.byteLength(content) };
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
