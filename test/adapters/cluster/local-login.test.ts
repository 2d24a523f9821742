import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLocalLogin } from '../../../lib/adapters/cluster/local-login.ts';
import { createCertificate } from '../../fakes/certificate.ts';
import { connectTo, refusal } from '../../parts/connect.ts';
import { certificateUser, kubeconfigText } from './kubeconfig-text.ts';

const own = createCertificate({ name: 'anna' });

describe('the local login', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'sluice-login-'));
    await writeFile(join(directory, 'client.crt'), own.certificate);
    await writeFile(join(directory, 'client.key'), own.key);
    await writeFile(
      join(directory, 'plugin'),
      `#!/bin/sh\n[ -n "$KUBERNETES_EXEC_INFO" ] || exit 1\necho '{"status":{"token":"from-plugin"}}'\n`,
      { mode: 0o755 },
    );
    await writeFile(join(directory, 'broken'), '#!/bin/sh\necho "log in first" >&2; exit 1\n', { mode: 0o755 });
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('reads the files that the kubeconfig names, beside it', async () => {
    const files = kubeconfigText({
      user: { token: '', 'client-certificate': 'client.crt', 'client-key': 'client.key' },
    });
    const inline = kubeconfigText({ user: certificateUser(own) });
    await using fromFiles = await connectTo(files, { login: createLocalLogin(directory) });
    await using same = await connectTo(inline);
    expect(fromFiles.id).toBe(same.id);
  });

  it('names a file that is not there', async () => {
    const text = kubeconfigText({ user: { tokenFile: 'none' } });
    const { message } = await refusal(connectTo(text, { login: createLocalLogin(directory) }));
    expect(message).toContain('its tokenFile "none" cannot be read (ENOENT)');
  });

  it('runs an exec plugin, and says what it says when it fails', async () => {
    function withPlugin(command: string): string {
      const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: join(directory, command) };
      return kubeconfigText({ user: { token: '', exec } });
    }
    await using cluster = await connectTo(withPlugin('plugin'), { login: createLocalLogin(directory) });
    await using same = await connectTo(kubeconfigText({ user: { token: 'from-plugin' } }));
    expect(cluster.id).toBe(same.id);
    const { message } = await refusal(connectTo(withPlugin('broken'), { login: createLocalLogin(directory) }));
    expect(message).toContain('the plugin of user "u" failed: log in first');
  });
});
