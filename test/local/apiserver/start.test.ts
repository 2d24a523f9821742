import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { findApiServerBinaries } from '../../../lib/local/apiserver/binaries.ts';
import { type ApiServer, startApiServer } from '../../../lib/local/apiserver/start.ts';
import { rawApi } from '../../parts/api-server.ts';
import { describeShared } from '../../shared.ts';

const cache = join(import.meta.dirname, '../../../node_modules/.cache/sluice/kube');

describeShared('an API server on loopback', (shared) => {
  let directory: string;
  let server: ApiServer | undefined;

  afterAll(async () => {
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it('serves an administrator and refuses a user without roles', async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-apiserver-'));
    const binaries = await findApiServerBinaries({ packed: join(shared, 'kube'), cache });
    if (binaries === undefined) throw new Error('the packed binaries are for x86-64 Linux');
    server = await startApiServer(binaries, { directory, users: [{ name: 'nobody' }] });
    const admin = rawApi(server.kubeconfig);
    expect(admin.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect((await admin('GET', '/api/v1/namespaces/default')).status).toBe(200);
    const nobody = rawApi(server.kubeconfigs.get('nobody') ?? '');
    expect((await nobody('GET', '/api/v1/namespaces/default')).body.reason).toBe('Forbidden');
    expect((await stat(server.kubeconfig)).mode & 0o777).toBe(0o600);
  });

  it('keeps its objects, started again with the same directory, and ends every process', async () => {
    if (server === undefined) throw new Error('it did not start');
    const before = rawApi(server.kubeconfig);
    await before('POST', '/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kept' } });
    await server.stop();
    await expect(before('GET', '/readyz')).rejects.toThrow();
    const binaries = await findApiServerBinaries({ packed: join(shared, 'kube'), cache });
    server = await startApiServer(binaries ?? { etcd: '', apiServer: '' }, { directory });
    expect((await rawApi(server.kubeconfig)('GET', '/api/v1/namespaces/kept')).status).toBe(200);
  });

  it('names the program that does not start, with the end of its log', async () => {
    const broken = await mkdtemp(join(tmpdir(), 'sluice-apiserver-'));
    const [etcd, apiServer] = [join(broken, 'etcd-double'), join(broken, 'kube-apiserver')];
    await writeFile(etcd, '#!/bin/sh\nexec /bin/sleep 60\n', { mode: 0o755 });
    await writeFile(apiServer, '#!/bin/sh\necho "unknown flag: --x" >&2; exit 3\n', { mode: 0o755 });
    await expect(startApiServer({ etcd, apiServer }, { directory: broken })).rejects.toThrow(
      'Cannot keep "kube-apiserver" running: it has ended (exit code 3)\nunknown flag: --x',
    );
    await rm(broken, { recursive: true });
  });
});
