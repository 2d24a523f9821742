import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createCertificate } from '../../fakes/certificate.ts';
import { startFaultProxy } from '../../fakes/fault-proxy.ts';
import { describeCluster } from '../../parts/api-server.ts';
import { connectTo, refusal } from '../../parts/connect.ts';

describeCluster('an API server', (kubeconfig) => {
  it('whose certificate cannot be trusted is a user failure at once, and says why', async () => {
    const name = { name: 'fault-proxy', addresses: ['127.0.0.1'] };
    const authority = createCertificate({ name: 'authority' });
    const bad = {
      CertificateExpired: createCertificate({ ...name, notAfter: new Date('2025-01-02T03:04:05Z') }),
      CertificateUntrusted: createCertificate({ ...name, issuer: { name: 'authority', key: authority.key } }),
      CertificateName: createCertificate({ name: 'elsewhere', addresses: ['10.0.0.1'] }),
    };
    for (const [code, certificate] of Object.entries(bad)) {
      await using server = await startFaultProxy(kubeconfig, certificate);
      await using distrustful = await connectTo(server.kubeconfig);
      const refused = await refusal(distrustful.resources('v1'));
      expect(refused).toMatchObject({ fault: 'user', code });
      expect(refused.message).toContain(`at "${server.url}": its certificate`);
      expect(server.requests).toEqual([]);
    }
  });
});

describe('a server that is not there', () => {
  function kubeconfigFor(server: string): string {
    return JSON.stringify({
      'current-context': 'x',
      clusters: [{ name: 'x', cluster: { server } }],
      contexts: [{ name: 'x', context: { cluster: 'x' } }],
    });
  }

  it('is a server failure where nothing listens', async () => {
    await using cluster = await connectTo(kubeconfigFor('https://127.0.0.1:9'));
    const refused = await refusal(cluster.resources('v1'));
    expect(refused).toMatchObject({ fault: 'server', code: 'Unreachable' });
    expect(refused.message).toBe('Cannot reach the cluster at "https://127.0.0.1:9": nothing listens there');
  });

  it('is a server failure where a connection is taken and TLS never begins', async () => {
    const silent = createTcpServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const server = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    await using cluster = await connectTo(kubeconfigFor(server), { timeoutMs: 300 });
    const refused = await refusal(cluster.resources('v1'));
    expect(refused).toMatchObject({
      fault: 'server',
      code: 'Timeout',
      help: expect.stringContaining('API server runs'),
    });
    expect(refused.message).toBe(`Cannot reach the cluster at "${server}": no connection in time`);
    silent.close();
  });

  it('is a missing failure where there is no such host', async () => {
    await using cluster = await connectTo(kubeconfigFor('https://nowhere.invalid:6443'));
    expect(await refusal(cluster.resources('v1'))).toMatchObject({ fault: 'missing', code: 'UnknownHost' });
  });

  it('is a user failure where plain http is spoken, and http is spoken when the kubeconfig says so', async () => {
    const paths: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      paths.push(request.url);
      response.end('{"resources":[{"name":"pods","kind":"Pod","namespaced":true},{"name":"pods/log","kind":"Pod"}]}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await using wrong = await connectTo(kubeconfigFor(`https://127.0.0.1:${port}`));
    expect(await refusal(wrong.resources('v1'))).toMatchObject({ fault: 'user', code: 'NotTls' });
    await using right = await connectTo(kubeconfigFor(`http://127.0.0.1:${port}/k8s/clusters/c-1/`));
    expect(await right.resources('v1')).toEqual([
      { apiVersion: 'v1', kind: 'Pod', plural: 'pods', namespaced: true, verbs: [] },
    ]);
    expect(paths).toEqual(['/k8s/clusters/c-1/api/v1']);
    server.close();
  });
});
