import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Cluster } from '../../../lib/app/ports.ts';
import type { ResourceKind } from '../../../lib/domain/objects/kube-object.ts';
import { createCertificate } from '../../fakes/certificate.ts';
import { describeCluster, rawApi, useNamespace } from '../../parts/api-server.ts';
import { configMap, connectTo, kindOf, type Refused, refusal } from '../../parts/connect.ts';

const certificate = createCertificate({ name: 'policy', addresses: ['127.0.0.1'] });

describeCluster('an object that a webhook of the cluster looks at', (kubeconfig) => {
  const namespace = useNamespace(kubeconfig);
  const direct = rawApi(kubeconfig);
  const webhook = `policy.${namespace}.example.com`;
  let cluster: Cluster;
  let kind: ResourceKind;
  let server: Server;

  beforeAll(async () => {
    cluster = await connectTo(kubeconfig);
    kind = await kindOf(cluster, 'v1', 'ConfigMap');
    server = createServer({ cert: certificate.certificate, key: certificate.key }, async (request, response) => {
      const { apiVersion, request: review } = (await json(request)) as { apiVersion: string; request: { uid: string } };
      const answer = { uid: review.uid, allowed: false, status: { message: 'not on a Friday' } };
      response.end(JSON.stringify({ apiVersion, kind: 'AdmissionReview', response: answer }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const headers = { 'content-type': 'application/merge-patch+json' };
    await direct('PATCH', `/api/v1/namespaces/${namespace}`, { metadata: { labels: { policy: namespace } } }, headers);
  });
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    server.close();
  });

  /** What an apply meets once the webhook is in force, which takes the server a moment. */
  async function withWebhook(version: string, url: string, more: object, dryRun: boolean): Promise<Refused> {
    const path = `/apis/admissionregistration.k8s.io/${version}/validatingwebhookconfigurations`;
    const configuration = {
      name: webhook,
      clientConfig: { url, caBundle: Buffer.from(certificate.certificate).toString('base64') },
      namespaceSelector: { matchLabels: { policy: namespace } },
      rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'], operations: ['*'] }],
      admissionReviewVersions: ['v1', 'v1beta1'],
      sideEffects: 'None',
      failurePolicy: 'Fail',
      ...more,
    };
    const kindName = 'ValidatingWebhookConfiguration';
    const apiVersion = `admissionregistration.k8s.io/${version}`;
    await direct('POST', path, { apiVersion, kind: kindName, metadata: { name: webhook }, webhooks: [configuration] });
    try {
      const end = Date.now() + 15_000;
      while (Date.now() < end) {
        const tried = await cluster
          .apply(kind, configMap(namespace, 'seen', { at: String(Date.now()) }), { dryRun })
          .then(
            () => undefined,
            (error: unknown) => error,
          );
        if (tried !== undefined) return await refusal(Promise.reject(tried));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      throw new Error('the webhook was never asked');
    } finally {
      await direct('DELETE', `${path}/${webhook}`);
      await expect
        .poll(
          () =>
            cluster.apply(kind, configMap(namespace, 'seen')).then(
              () => true,
              () => false,
            ),
          { timeout: 15_000 },
        )
        .toBe(true);
    }
  }

  it('and denies is a user failure with its words', async () => {
    const { port } = server.address() as AddressInfo;
    const refused = await withWebhook('v1', `https://127.0.0.1:${port}/`, {}, false);
    expect(refused.fault).toBe('user');
    expect(refused.message).toContain(`admission webhook "${webhook}" denied the request: not on a Friday`);
    expect(refused.help).toContain(webhook);
  });

  it('and does not answer is a server failure that names it', async () => {
    const refused = await withWebhook('v1', 'https://127.0.0.1:9/', {}, false);
    expect(refused).toMatchObject({
      fault: 'server',
      code: 'WebhookUnreachable',
      help: expect.stringContaining(webhook),
    });
    expect(refused.message).toContain(`failed calling webhook "${webhook}"`);
  });

  it('and has side effects is named when it refuses a dry run', async ({ skip }) => {
    const { status } = await direct('GET', '/apis/admissionregistration.k8s.io/v1beta1');
    // Only v1beta1, gone in 1.22, takes such webhooks.
    if (status !== 200) skip('admissionregistration.k8s.io/v1beta1 is not served');
    const refused = await withWebhook('v1beta1', 'https://127.0.0.1:9/', { sideEffects: 'Some' }, true);
    expect(refused).toMatchObject({ fault: 'user', code: 'DryRunUnsupported' });
    expect(refused.help).toContain(webhook);
  });
});
