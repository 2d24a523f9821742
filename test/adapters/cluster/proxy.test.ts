import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { describeCluster } from '../../parts/api-server.ts';
import { connectTo } from '../../parts/connect.ts';

describeCluster("a kubeconfig's proxy-url", (kubeconfig) => {
  it('is where every connection goes, with TLS to the API server inside', async () => {
    const tunnels: (string | undefined)[] = [];
    const proxy = createServer();
    proxy.on('connect', (request, near) => {
      tunnels.push(request.url);
      const [host, port] = (request.url ?? '').split(':');
      const far = connect({ host: host ?? '', port: Number(port) }, () => {
        near.write('HTTP/1.1 200 Connection established\r\n\r\n');
        near.pipe(far).pipe(near);
      });
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const config = parse(await readFile(kubeconfig, 'utf8'));
    config.clusters[0].cluster['proxy-url'] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    await using cluster = await connectTo(JSON.stringify(config));
    expect(await cluster.resources('v1')).toBeDefined();
    expect(await cluster.versions('apps')).toEqual(['apps/v1']);
    expect(tunnels).toEqual([new URL(config.clusters[0].cluster.server).host]);
    proxy.close();
  });
});
