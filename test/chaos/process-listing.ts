import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Canaries } from './canaries.ts';

const everyMs = 60;

/** Looks at command lines and environments of what a process has started, again and again, for secrets. */
export interface ProcessListing {
  readonly found: ReadonlySet<string>;
  /** How many children were looked at. */
  readonly seen: number;
  stop(): Promise<void>;
}

export function watchProcesses(root: () => number, canaries: Canaries): ProcessListing {
  const found = new Set<string>();
  const seen = new Set<number>();
  let isStopped = false;

  async function look(pid: number): Promise<void> {
    for (const child of await childrenOf(pid)) {
      seen.add(child);
      const texts = await Promise.all(
        ['cmdline', 'environ'].map((file) => readFile(`/proc/${child}/${file}`, 'utf8').catch(() => '')),
      );
      for (const text of texts) {
        const name = text.split('\0')[0] ?? '';
        for (const secret of canaries.foundIn(text)) found.add(`process "${name}": ${secret}`);
      }
      await look(child);
    }
  }

  async function watch(): Promise<void> {
    for (; !isStopped; await sleep(everyMs)) await look(root());
  }
  const watching = watch();

  return {
    found,
    get seen() {
      return seen.size;
    },
    async stop() {
      isStopped = true;
      await watching;
    },
  };
}

async function childrenOf(pid: number): Promise<readonly number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/children`, 'utf8').catch(() => '')),
  );
  return lists.join(' ').split(' ').filter(Boolean).map(Number);
}
