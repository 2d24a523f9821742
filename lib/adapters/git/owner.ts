import { readFileSync } from 'node:fs';
import { pid } from 'node:process';

/** `<pid>-<start>`: names this process beyond the reuse of its id. The start is in clock ticks since boot; 0 where there is no /proc. */
export const ownProcess = `${pid}-${startOf(pid) ?? 0}`;

/** Whether the process that `owner` begins with still runs. */
export function isAlive(owner: string): boolean {
  const [, id, start] = /^(\d+)-(\d+)/.exec(owner) ?? [];
  if (id === undefined) return false;
  if (start !== '0') return startOf(Number(id)) === start;
  try {
    process.kill(Number(id), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Field 22 of proc(5) stat; the name in field 2 may hold spaces and brackets. */
function startOf(id: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${id}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
