import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildLayers } from '../../../infra/layers/build-layers.ts';
import { checkMachine } from '../../../infra/layers/check-machine.ts';
import { layersDirectory, listLayers } from '../../../infra/layers/list-layers.ts';
import { gitLayer } from '../../../lib/adapters/aws/git-layer.ts';
import { asFailure } from '../../../lib/domain/failure.ts';
import type { Source } from '../../../lib/domain/settings/settings.ts';
import { createCertificate } from '../../fakes/certificate.ts';
import { describeUnless, missingProgram } from '../../parts/describe-unless.ts';
import { createFunctionRoot, whyNoRoot } from '../../parts/function-root.ts';
import { type GitHttp, startGitHttp } from '../../parts/git-http.ts';
import { createRepository, type Repository } from '../../parts/repository.ts';
import { run } from '../../parts/run.ts';
import { createSshKey, type Sshd, startSshd } from '../../parts/sshd.ts';
import type { GitStory, GitTask } from '../children/use-git.ts';

const machine = await checkMachine().then(
  () => undefined,
  (error: unknown) => asFailure(error).message,
);
const missing = machine ?? missingProgram('apt-get', 'unzip', 'unshare', 'sshd', 'gpg') ?? (await whyNoRoot());

describeUnless(missing, 'the git layer, with nothing of a machine but its C library and shell,', () => {
  const password = 'ghp_hunter2';
  const ca = createCertificate({ name: 'Test CA' });
  let folder: string;
  let layer: string;
  let openPgpKey: string;
  let openPgpPrivateKey: string;
  let sshd: Sshd;
  let https: GitHttp;

  beforeAll(async () => {
    // A short path: the socket of gpg-agent lies in it.
    folder = await mkdtemp(join(tmpdir(), 'layer-'));
    await buildLayers(layersDirectory);
    const zip = (await listLayers()).find(({ name }) => name === 'git')?.zip ?? '';
    layer = join(folder, 'opt');
    await run('unzip', ['-q', zip, '-d', layer]);
    await createSshKey(join(folder, 'signing'));
    const environment = { GNUPGHOME: folder };
    const ada = 'Ada <ada@example.com>';
    await run('gpg', ['--batch', '--quiet', '--passphrase', '', '--quick-generate-key', ada, 'ed25519', 'sign'], {
      environment,
    });
    openPgpKey = await run('gpg', ['--batch', '--armor', '--export', ada], { environment });
    openPgpPrivateKey = await run('gpg', ['--batch', '--armor', '--export-secret-keys', ada], { environment });
    const issuer = { name: 'Test CA', key: ca.key };
    const certificate = createCertificate({ name: 'git', addresses: ['127.0.0.1'], issuer });
    https = await startGitHttp({ root: folder, password, certificate });
    sshd = await startSshd();
  }, 1_800_000);
  afterAll(async () => {
    await https[Symbol.asyncDispose]();
    await sshd[Symbol.asyncDispose]();
    await run('gpgconf', ['--kill', 'all'], { environment: { GNUPGHOME: folder } });
    await rm(folder, { recursive: true, force: true });
  });

  function sourceOf(protocol: 'https' | 'ssh', { bare }: Repository): Source {
    const verify: Source['verify'] = { mode: 'head', keys: [{ env: 'OPENPGP' }, { env: 'SIGNING' }] };
    const rest = { branch: 'main', paths: ['clusters/a'], verify };
    if (protocol === 'https') {
      return { url: `${https.url}${bare.slice(folder.length)}`, auth: { token: { env: 'TOKEN' } }, ...rest };
    }
    const auth = { sshKey: { env: 'KEY' }, knownHosts: sshd.knownHosts };
    return { url: `ssh://${sshd.login}:${sshd.port}${bare}`, auth, ...rest };
  }

  async function tell(source: Source, sign: string, certificates?: string): Promise<{ story: GitStory; tmp: string }> {
    const root = await mkdtemp(join(folder, 'root-'));
    const inside = await createFunctionRoot(root, layer);
    // The layer's own bundle is read too, from where git is told that it is.
    const bundle = join(layer, relative('/opt', gitLayer.environment.GIT_SSL_CAINFO ?? ''));
    await writeFile(join(inside.tmp, 'ca.crt'), `${await readFile(bundle, 'utf8')}${ca.certificate}`);
    const publicKey = await readFile(join(folder, 'signing.pub'), 'utf8');
    const task: GitTask = {
      source,
      secrets: {
        TOKEN: password,
        KEY: sshd.privateKey,
        OPENPGP: openPgpKey,
        SIGNING: publicKey,
        SIGN_OPENPGP: openPgpPrivateKey,
        SIGN_SSH: await readFile(join(folder, 'signing'), 'utf8'),
      },
      sign,
      ...(certificates === undefined ? {} : { certificates }),
    };
    const printed = await inside.run('test/infra/children/use-git.ts', JSON.stringify(task));
    return { story: JSON.parse(printed), tmp: inside.tmp };
  }

  async function repositoryWithLargeFile(name: string) {
    await mkdir(join(folder, name));
    const repository = await createRepository(join(folder, name));
    const files = {
      'clusters/a/app.yaml': 'a: 1\n',
      'clusters/b/app.yaml': `b: ${randomBytes(1_500_000).toString('hex')}\n`,
    };
    const sign = { format: 'openpgp', key: 'ada@example.com', home: folder } as const;
    return { repository, commit: await repository.commit(files, { sign }) };
  }

  it.each([
    ['https', 'SIGN_OPENPGP'],
    ['ssh', 'SIGN_SSH'],
  ] as const)(
    'fetches the files of one path, checks both kinds of signatures, commits and pushes over %s with %s',
    async (protocol, sign) => {
      const { repository, commit } = await repositoryWithLargeFile(protocol);
      const { story, tmp } = await tell(sourceOf(protocol, repository), sign, '/tmp/ca.crt');
      expect(story).toEqual({
        before: { head: commit, commit, files: { 'clusters/a/app.yaml': 'a: 1\n' } },
        pushed: await run('git', ['--git-dir', repository.bare, 'rev-parse', 'main']),
        after: { head: story.pushed, commit: story.pushed, files: { 'clusters/a/app.yaml': 'a: 2\n' } },
      });
      expect(story.pushed).not.toBe(commit);
      const author = await run('git', ['--git-dir', repository.bare, 'log', '-1', '--format=%P %an %s', 'main']);
      expect(author).toBe(`${commit} Sluice Raise a`);
      // Blobless: the 3 MB of the other path did not come.
      expect(Number((await run('du', ['-sk', tmp])).split('\t')[0])).toBeLessThan(1000);
      await expectSigned(repository);
    },
    120_000,
  );

  it('trusts the authorities of its own bundle, and no other', async () => {
    const { repository } = await repositoryWithLargeFile('stranger');
    const { story } = await tell(sourceOf('https', repository), 'SIGN_SSH');
    expect(story).toEqual({ error: expect.stringMatching(/: the TLS connection fails/) });
  });

  /** The machine's own git accepts the signature of the head. */
  async function expectSigned({ bare }: Repository): Promise<void> {
    const allowed = join(folder, 'allowed_signers');
    await writeFile(allowed, `* namespaces="git" ${await readFile(join(folder, 'signing.pub'), 'utf8')}`);
    const config = ['-c', `gpg.ssh.allowedSignersFile=${allowed}`];
    const args = [...config, '--git-dir', bare, 'log', '-1', '--format=%G?', 'main'];
    expect(await run('git', args, { environment: { GNUPGHOME: folder } })).toBe('G');
  }
});
