import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** An address of loopback through which a server is reached, so that it may go and come back where it was. */
export interface Door extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** As when the server is killed: every connection is cut, and new ones are refused until `open`. */
  shut(): Promise<void>;
  open(): Promise<void>;
  /** Cuts every connection, in the middle of whatever is said. */
  cut(): void;
  /** The next connection is cut after so many bytes of what the server says. */
  truncate(bytes: number): void;
}

export async function openDoor(target: string): Promise<Door> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let truncateAfter: number | undefined;

  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    let left = truncateAfter ?? Number.POSITIVE_INFINITY;
    truncateAfter = undefined;
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    far.on('data', (chunk) => {
      left -= chunk.length;
      if (left < 0) near.end(chunk.subarray(0, chunk.length + left), () => near.destroy());
    });
    near.pipe(far).pipe(near);
  });

  let own = 0;
  async function open(): Promise<void> {
    if (server.listening) return;
    server.listen(own, '127.0.0.1');
    await once(server, 'listening');
    own = (server.address() as AddressInfo).port;
  }
  function cut(): void {
    for (const socket of sockets) socket.resetAndDestroy();
  }
  async function shut(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    cut();
    await closed;
  }

  await open();
  return {
    url: `http://127.0.0.1:${own}`,
    shut,
    open,
    cut,
    truncate(bytes) {
      truncateAfter = bytes;
    },
    [Symbol.asyncDispose]: shut,
  };
}
