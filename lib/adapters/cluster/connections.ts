import type { Access } from './access.ts';
import { createTransport, type Transport } from './transport.ts';

/** A way to an API server that is held until it is closed. */
export interface Connection {
  readonly access: Access;
  readonly transport: Pick<Transport, 'exchange'>;
  close(): void;
}

export interface Connections {
  /** The connection of this key: the one that is kept, or a new one to where `find` says. */
  open(key: string, find: () => Promise<Access>): Promise<Connection>;
}

interface Kept {
  readonly access: Promise<Access>;
  readonly transport: Promise<Transport>;
  readonly since: number;
  users: number;
  idle?: NodeJS.Timeout;
}

/** After it the credentials are looked at anew: whether a certificate has expired. */
const oldestMs = 5 * 60_000;

/**
 * Keeps connections for `idleMs` after their last use, so that the next job has no handshake to make; with 0 none outlives its job, as in a
 * function that is frozen in between (DESIGN §8).
 */
export function createConnections(idleMs: number): Connections {
  const kept = new Map<string, Kept>();

  function create(key: string, find: () => Promise<Access>): Kept {
    const access = find();
    const created: Kept = { access, transport: access.then(createTransport), since: performance.now(), users: 0 };
    created.transport.catch(() => forget(key, created));
    kept.set(key, created);
    return created;
  }

  function forget(key: string, connection: Kept): void {
    if (kept.get(key) === connection) kept.delete(key);
  }

  function release(key: string, connection: Kept, transport: Transport): void {
    connection.users -= 1;
    if (connection.users > 0) return;
    function end(): void {
      forget(key, connection);
      transport.close();
    }
    if (idleMs === 0 || kept.get(key) !== connection) end();
    else connection.idle = setTimeout(end, idleMs).unref();
  }

  return {
    async open(key, find) {
      const known = kept.get(key);
      const isYoung = known !== undefined && performance.now() - known.since < oldestMs;
      const connection = isYoung && idleMs > 0 ? known : create(key, find);
      connection.users += 1;
      clearTimeout(connection.idle);
      const [access, transport] = await Promise.all([connection.access, connection.transport]);
      let isOpen = true;
      return {
        access,
        transport,
        close() {
          if (isOpen) release(key, connection, transport);
          isOpen = false;
        },
      };
    },
  };
}
