import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBodyReader } from '../read-body.ts';
import { type Answer, handle, refuse } from './handle.ts';
import { namespaces } from './kinds.ts';
import { createObjects } from './objects.ts';

export interface KubeApi {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** The text of a kubeconfig, with a token that was made at start. */
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

/**
 * A double of the Kubernetes API on loopback, for a first look at Sluice without a cluster. One contract suite holds it and a real server to
 * what a sync uses. It differs on purpose: eleven kinds of one version each, no CRDs; nothing is validated, defaulted or immutable; apply
 * always takes conflicts over; no watch, field selectors or merge patches; no finalizers, garbage collection or Terminating; every account
 * may do everything; nothing runs: `settleMs` after a write an object's status says that all is well. All is gone with the process.
 * It is for Sluice and curl: kubectl sends no token over plain http.
 */
export async function startKubeApi({ settleMs = 500 } = {}): Promise<KubeApi> {
  const objects = createObjects(settleMs);
  for (const name of ['default', 'kube-system']) {
    objects.write(namespaces, undefined, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  const readBody = createBodyReader({ each: 3 * 1024 * 1024, together: 64 * 1024 * 1024 });
  const token = randomBytes(24).toString('base64url');
  const authorization = Buffer.from(`Bearer ${token}`);

  async function answer(request: IncomingMessage): Promise<Answer> {
    const { method, url, headers } = request;
    // Other users of this machine reach the port, too.
    const given = Buffer.from(headers.authorization ?? '');
    if (given.length !== authorization.length || !timingSafeEqual(given, authorization))
      return refuse(401, 'Unauthorized', 'Unauthorized');
    const read = await readBody(request);
    if ('refused' in read) return refuse(413, 'RequestEntityTooLarge', `the body is ${read.refused}`);
    try {
      const body: unknown = read.bytes.length === 0 ? undefined : JSON.parse(read.bytes.toString());
      return handle(objects, { method, url: new URL(url ?? '', 'http://localhost'), headers, body });
    } catch {
      return refuse(400, 'BadRequest', 'the body is not the JSON of an object');
    }
  }

  const server = createServer(async (request, response) => {
    const { code, body } = await answer(request);
    response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject).listen(0, '127.0.0.1', resolve);
  await promise;
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // JSON is YAML.
  const kubeconfig = JSON.stringify({
    'current-context': 'sluice',
    contexts: [{ name: 'sluice', context: { cluster: 'sluice', user: 'sluice' } }],
    clusters: [{ name: 'sluice', cluster: { server: url } }],
    users: [{ name: 'sluice', user: { token } }],
  });
  return {
    url,
    kubeconfig,
    async stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}
