import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from './run.ts';

export interface Sshd extends AsyncDisposable {
  readonly port: number;
  /** `<user>@127.0.0.1`, who may log in with `privateKey`. */
  readonly login: string;
  /** An OpenSSH private key that is authorized. */
  readonly privateKey: string;
  /** The line of a known_hosts file for this server. */
  readonly knownHosts: string;
}

/** OpenSSH's server on loopback, with a host key and an authorized key of its own; both are Ed25519. */
export async function startSshd(): Promise<Sshd> {
  const directory = await mkdtemp(join(tmpdir(), 'sshd-'));
  await createSshKey(join(directory, 'host'));
  await createSshKey(join(directory, 'client'));
  const port = await freePort();
  const user = userInfo().username;
  await writeFile(
    join(directory, 'sshd_config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${directory}/host`,
      `AuthorizedKeysFile ${directory}/client.pub`,
      `PidFile ${directory}/pid`,
      'StrictModes no',
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'PermitRootLogin yes',
      'UsePAM no',
      'AcceptEnv GIT_PROTOCOL',
      '',
    ].join('\n'),
  );
  // Its workers drop their privileges into this folder, which packages make only when the service starts.
  if (user === 'root') await run('mkdir', ['-p', '/run/sshd']);
  const server = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', join(directory, 'sshd_config')], { stdio: 'ignore' });
  await listening(port, server);
  const hostKey = (await readFile(join(directory, 'host.pub'), 'utf8')).split(' ').slice(0, 2).join(' ');
  return {
    port,
    login: `${user}@127.0.0.1`,
    privateKey: await readFile(join(directory, 'client'), 'utf8'),
    knownHosts: `[127.0.0.1]:${port} ${hostKey}\n`,
    async [Symbol.asyncDispose]() {
      server.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Writes an Ed25519 key pair without a passphrase to `file` and `file.pub`. */
export async function createSshKey(file: string): Promise<void> {
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function listening(port: number, server: ChildProcess): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (server.exitCode !== null) throw new Error(`sshd ended with ${server.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    const open = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await sleep(50);
  }
  throw new Error('sshd does not listen');
}
