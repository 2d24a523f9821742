import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReadSecret } from '../../app/ports.ts';
import { Failure } from '../../domain/failure.ts';
import { describeSecret } from '../../domain/settings/describe-secret.ts';
import type { SecretRef } from '../../domain/settings/secret-ref.ts';
import { runCommand } from '../../process.ts';

/** What makes git sign a commit: arguments of git-commit-tree(1), and the environment. */
export interface Signing {
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export const unsigned: Signing = { arguments: [], environment: {} };

/**
 * gpg uses a secret key only through an agent, which by itself outlives everything: this one stays in the process group of the command and is
 * ended with it (process.ts). It holds none of the pipes, or git would wait for its end.
 */
const withAgent = `#!/bin/sh
gpg-agent --quiet --daemon --no-detach --extra-socket none --browser-socket none </dev/null >/dev/null 2>&1
exec gpg --no-autostart --batch --quiet --no-tty "$@"
`;

/** Of unix(7): the longest path of a socket, with its zero byte. */
const socketPathBytes = 108;

/**
 * Puts the private key into the new folder `directory`, for one commit; whoever calls removes it. Throws a `user` Failure, naming the secret,
 * for what is no private key or has a passphrase.
 */
export async function prepareSigning(
  ref: SecretRef,
  directory: string,
  readSecret: ReadSecret,
  path: string,
): Promise<Signing> {
  await mkdir(directory, { mode: 0o700 });
  // OpenSSH takes neither a key without its last line break nor one with carriage returns.
  const key = `${(await readSecret(ref)).replaceAll('\r\n', '\n').trim()}\n`;
  if (key.includes('-----BEGIN PGP PRIVATE KEY BLOCK-----')) return await openPgp(key, { ref, directory, path });
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(key)) return await ssh(key, { ref, directory, path });
  throw unfit(
    ref,
    'it holds neither an OpenPGP nor an SSH private key',
    'Give an ASCII-armoured OpenPGP private key or an SSH private key',
  );
}

interface Place {
  readonly ref: SecretRef;
  readonly directory: string;
  readonly path: string;
}

async function ssh(key: string, { ref, directory, path }: Place): Promise<Signing> {
  const file = join(directory, 'key');
  await writeFile(file, key, { mode: 0o600 });
  // Prints the public key, if no passphrase is needed for the private one.
  const known = await runCommand('ssh-keygen', ['-y', '-P', '', '-f', file], {
    directory,
    environment: { PATH: path, HOME: directory, LC_ALL: 'C' },
    timeoutSeconds: 60,
  });
  if (/incorrect passphrase/.test(known.stderr)) throw passphrase(ref);
  if (known.code !== 0) throw unfit(ref, 'ssh-keygen does not take its key');
  // Of a key in PEM, ssh-keygen wants this one too.
  await writeFile(`${file}.pub`, known.stdout, { mode: 0o600 });
  return { arguments: [`-S${file}`], environment: settings({ 'gpg.format': 'ssh' }) };
}

async function openPgp(key: string, { ref, directory, path }: Place): Promise<Signing> {
  if (Buffer.byteLength(join(directory, 'S.gpg-agent')) >= socketPathBytes)
    throw new Failure('user', 'Cannot sign with gpg: the path of the scratch folder is too long for a socket in it', {
      help: 'Use a folder with a shorter path for data, or sign with an SSH key',
    });
  const environment = { PATH: path, HOME: directory, GNUPGHOME: directory, LC_ALL: 'C' };
  const options = { directory, environment, timeoutSeconds: 60, input: key };
  const packets = await runCommand('gpg', ['--batch', '--no-autostart', '--list-packets'], options);
  // A line of the secret key that tells how its passphrase protects it; gnu-dummy is a key that is not in there.
  if (/^\t(?!gnu-dummy)\S+ S2K, /m.test(packets.stdout.toString('latin1'))) throw passphrase(ref);
  const program = join(directory, 'gpg-with-agent');
  await writeFile(program, withAgent, { mode: 0o700 });
  const imported = await runCommand(program, ['--status-fd', '1', '--import'], options);
  await removeSockets(directory);
  const fingerprint = /^\[GNUPG:\] IMPORT_OK \d+ ([0-9A-F]{40})$/m.exec(imported.stdout.toString('utf8'))?.[1];
  if (fingerprint === undefined) throw unfit(ref, 'gpg does not take its key');
  // A key that has expired or is not for signing is taken like any other.
  const trial = await runCommand(program, ['--local-user', fingerprint, '--detach-sign'], { ...options, input: '' });
  await removeSockets(directory);
  if (trial.code !== 0) throw unfit(ref, 'gpg does not sign with its key: it has expired, or is not for signing');
  return {
    arguments: [`-S${fingerprint}`],
    environment: { GNUPGHOME: directory, ...settings({ 'gpg.format': 'openpgp', 'gpg.program': program }) },
  };
}

/** An agent that was ended leaves them, and the next one does not start. */
async function removeSockets(directory: string): Promise<void> {
  const names = await readdir(directory);
  for (const name of names) if (name.startsWith('S.gpg-agent')) await rm(join(directory, name), { force: true });
}

/** Settings of git in its environment (git(1), GIT_CONFIG_COUNT). */
function settings(values: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const pairs = Object.entries(values).flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return Object.fromEntries([['GIT_CONFIG_COUNT', String(Object.keys(values).length)], ...pairs]);
}

function passphrase(ref: SecretRef): Failure {
  return unfit(ref, 'its key has a passphrase, which nobody is there to enter', 'Give a key without a passphrase');
}

function unfit(ref: SecretRef, state: string, help?: string): Failure {
  const message = `Cannot sign commits with the secret ${describeSecret(ref)}: ${state}`;
  return new Failure('user', message, { code: 'SigningKey', ...(help === undefined ? {} : { help }) });
}
