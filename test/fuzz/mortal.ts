import type { Cluster } from '../../lib/app/ports.ts';

/** When a worker dies: at so manieth of its writes, before it reaches the server, or when it is done and nobody hears of it. */
export interface Death {
  readonly write: number;
  readonly done: boolean;
}

/** From its death on nothing reaches the server. */
export function killedAt(cluster: Cluster, { write, done }: Death): { readonly cluster: Cluster; isDead(): boolean } {
  const killed = new Error('killed');
  let writes = 0;
  let isDead = false;
  async function mortal<T>(isWrite: boolean, act: () => Promise<T>): Promise<T> {
    if (isDead) throw killed;
    if (!isWrite) return await act();
    writes += 1;
    isDead = writes >= write;
    if (!isDead) return await act();
    if (done) await act();
    throw killed;
  }
  const mortals: Partial<Cluster> = {
    list: (...given: Parameters<Cluster['list']>) => mortal(false, () => cluster.list(...given)),
    get: (...given: Parameters<Cluster['get']>) => mortal(false, () => cluster.get(...given)),
    apply: (...given: Parameters<Cluster['apply']>) => mortal(true, () => cluster.apply(...given)),
    create: (...given: Parameters<Cluster['create']>) => mortal(true, () => cluster.create(...given)),
    replace: (...given: Parameters<Cluster['replace']>) => mortal(true, () => cluster.replace(...given)),
    patch: (...given: Parameters<Cluster['patch']>) => mortal(true, () => cluster.patch(...given)),
    delete: (...given: Parameters<Cluster['delete']>) => mortal(true, () => cluster.delete(...given)),
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
  return { cluster: Object.assign(Object.create(cluster) as Cluster, mortals), isDead: () => isDead };
}
