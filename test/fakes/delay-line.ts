import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { parse } from 'yaml';

/** A long wire to an API server: bytes pass unchanged, TLS from end to end, each way half of the round trip later. */
export interface DelayLine extends AsyncDisposable {
  readonly url: string;
}

/** Writes `kubeconfigOut`, which is the kubeconfig at `kubeconfigIn` with the line in front of its server. */
export async function startDelayLine(
  kubeconfigIn: string,
  kubeconfigOut: string,
  roundTripMs: number,
): Promise<DelayLine> {
  const config = parse(await readFile(kubeconfigIn, 'utf8'));
  const upstream = new URL(config.clusters[0].cluster.server);
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ host: upstream.hostname, port: Number(upstream.port), noDelay: true });
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => setTimeout(() => to.writable && to.write(bytes), roundTripMs / 2));
      from.on('end', () => setTimeout(() => to.end(), roundTripMs / 2));
      from.on('error', () => to.destroy());
      from.on('close', () => sockets.delete(from));
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  config.clusters[0].cluster.server = url;
  await writeFile(kubeconfigOut, JSON.stringify(config), { mode: 0o600 });
  return {
    url,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
