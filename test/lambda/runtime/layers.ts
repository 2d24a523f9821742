import { existsSync } from 'node:fs';
import { copyFile, link, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTools } from '../../../lib/adapters/tools.ts';

const cache = join(import.meta.dirname, '../../../node_modules/.cache/sluice');

/**
 * A folder that is what `/opt` is in Lambda: kubectl and helm as their layer has them, and git where its layer puts it. The git of this machine
 * stands in for that of the layer, which is tested by itself.
 */
export async function layOutLayers(): Promise<string> {
  const opt = join(cache, `lambda-opt-${process.pid}`);
  await rm(opt, { recursive: true, force: true });
  const tools = await createTools({ directory: join(cache, 'tools') })();
  for (const name of ['kubectl', 'helm'] as const) {
    await mkdir(join(opt, name), { recursive: true });
    const place = join(opt, name, name);
    await link(tools[name], place).catch(() => copyFile(tools[name], place));
  }
  await mkdir(join(opt, 'git/bin'), { recursive: true });
  await mkdir(join(opt, 'git/ssl'));
  for (const name of ['git', 'ssh', 'ssh-keygen']) await symlink(`/usr/bin/${name}`, join(opt, 'git/bin', name));
  await symlink(['/usr/lib/git-core', '/usr/libexec/git-core'].find(existsSync) ?? '', join(opt, 'git/libexec'));
  await symlink('/etc/ssl/certs/ca-certificates.crt', join(opt, 'git/ssl/ca-bundle.crt'));
  return opt;
}

/**
 * A clock beside the layers for processes that are started with `clockFlag`: theirs is ahead by as many milliseconds as the file says, whenever they
 * look at it. One that finds a file in its own `/tmp` goes by that.
 */
export const clockFlag = { NODE_OPTIONS: '--import /opt/clock.mjs' };

export async function setClock(opt: string, milliseconds: number): Promise<void> {
  await writeFile(join(opt, 'clock.mjs'), clock);
  await writeFile(join(opt, 'clock'), String(milliseconds));
}

const clock = `
import { existsSync, readFileSync } from 'node:fs';
const Real = Date;
function now() {
  return Real.now() + Number(readFileSync(existsSync('/tmp/clock') ? '/tmp/clock' : '/opt/clock', 'utf8'));
}
globalThis.Date = class extends Real {
  constructor(...values) {
    super(...(values.length === 0 ? [now()] : values));
  }
  static now = now;
};
`;
