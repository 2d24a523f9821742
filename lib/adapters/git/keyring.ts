import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ReadSecret } from '../../app/ports.ts';
import { Failure } from '../../domain/failure.ts';
import { describeSecret } from '../../domain/settings/describe-secret.ts';
import type { SecretRef } from '../../domain/settings/secret-ref.ts';
import { runCommand } from '../../process.ts';

/** The keys whose signatures count. */
export interface Keyring {
  /** What git needs to find them. */
  readonly environment: Readonly<Record<string, string>>;
}

const sshKey = /^(ssh-|ecdsa-|sk-)\S+ [A-Za-z0-9+/=]{40,}( .*)?$/;

/**
 * Makes a keyring in `directory` of secrets that each hold either ASCII-armoured OpenPGP public keys or SSH public keys, one a line
 * (sshd(8) AUTHORIZED_KEYS without options). Throws a `user` Failure naming the secret that holds neither.
 */
export async function createKeyring(
  keys: readonly SecretRef[],
  directory: string,
  readSecret: ReadSecret,
  path: string,
): Promise<Keyring> {
  if (keys.length === 0)
    throw new Failure('user', 'Cannot verify signatures: verify.keys is empty', {
      help: 'List the public keys that may sign',
    });
  await mkdir(directory, { mode: 0o700 });
  // What is in this keyring is trusted: git then reports G, and U only for what lacks trust (facts/flux-v1.md §1.3).
  await writeFile(join(directory, 'gpg.conf'), 'trust-model always\nno-auto-key-retrieve\nno-autostart\nbatch\n');
  const signers: string[] = [];
  for (const ref of keys) {
    const text = (await readSecret(ref)).trim();
    if (text.includes('-----BEGIN PGP PUBLIC KEY BLOCK-----')) {
      await importOpenPgp(text, ref, directory, path);
      continue;
    }
    const lines = text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'));
    if (lines.length === 0 || !lines.every((line) => sshKey.test(line)))
      throw new Failure(
        'user',
        `Cannot verify signatures: the secret ${describeSecret(ref)} holds neither OpenPGP nor SSH public keys`,
        {
          help: 'Give ASCII-armoured OpenPGP public keys, or SSH public keys, one a line',
        },
      );
    signers.push(...lines.map((line) => `* namespaces="git" ${line}`));
  }
  const allowed = join(directory, 'allowed_signers');
  await writeFile(allowed, `${signers.join('\n')}\n`);
  return {
    environment: {
      GNUPGHOME: directory,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'gpg.ssh.allowedSignersFile',
      GIT_CONFIG_VALUE_0: allowed,
    },
  };
}

async function importOpenPgp(keys: string, ref: SecretRef, directory: string, path: string): Promise<void> {
  const result = await runCommand('gpg', ['--quiet', '--status-fd', '1', '--import'], {
    directory,
    environment: { PATH: path, HOME: directory, GNUPGHOME: directory, LC_ALL: 'C' },
    timeoutSeconds: 60,
    // Armour without its last line break is not read.
    input: `${keys}\n`,
  });
  // Not by the exit code: it tells of a missing gpg-agent too, which is needed for secret keys only.
  if (!result.stdout.includes('[GNUPG:] IMPORT_OK '))
    throw new Failure(
      'user',
      `Cannot verify signatures: gpg does not take the keys in the secret ${describeSecret(ref)}`,
    );
}
