import type { ReadSecret } from '../../app/ports.ts';
import type { Forge } from '../../app/release-ports.ts';
import { Failure } from '../../domain/failure.ts';
import { describeSecret } from '../../domain/settings/describe-secret.ts';
import type { Source } from '../../domain/settings/settings.ts';
import { type Address, addressFor, parseAddress, withoutCredentials } from '../git/address.ts';
import { createGithubApps } from '../git/github-app.ts';
import { findKind } from './find-kind.ts';
import { createSend } from './http.ts';
import { type KindName, kinds } from './kinds.ts';
import { propose } from './propose.ts';

export interface ForgeOptions {
  readonly readSecret: ReadSecret;
  /** Local runs: `http://` to any host is allowed. */
  readonly allowLocal: boolean;
  /** How long one answer may take. Default 15,000. */
  readonly timeoutMs?: number;
  /** The API that gives tokens of GitHub Apps, instead of the one of the repository's host. */
  readonly githubApi?: string;
}

/** Pull requests by the APIs of GitHub, GitLab, Gitea and Forgejo, with the token that pushes. */
export function createForge({ readSecret, allowLocal, timeoutMs = 15_000, githubApi }: ForgeOptions): Forge {
  const githubApps = createGithubApps(readSecret, githubApi);
  /** What servers are, by their address. */
  const known = new Map<string, KindName>();

  async function tokenOf(what: string, address: Address, { auth }: Source): Promise<Token> {
    if (auth === undefined || 'sshKey' in auth || address.server === '') {
      throw new Failure('user', `Cannot ${what}: the forge's API takes a token, and there is none`, {
        code: 'NoToken',
        help: 'Set automation.auth to { token: … } or { githubApp: … }, or automation.push to branch',
      });
    }
    if ('githubApp' in auth) {
      const token = await githubApps.token(address, auth.githubApp);
      return { token, reference: describeSecret(auth.githubApp.privateKey) };
    }
    const [token, reference] = [(await readSecret(auth.token)).trim(), describeSecret(auth.token)];
    if (/^[\x21-\x7e]+$/.test(token)) return { token, reference };
    throw new Failure('user', `Cannot ${what}: the secret ${reference} is not one line of text`);
  }

  return {
    async propose({ source, branch, title, body, signal }) {
      const what = `open a pull request for "${branch}" of "${withoutCredentials(source.url)}"`;
      const address = parseAddress(addressFor(source), allowLocal);
      const { server } = address;
      const { token, reference } = await tokenOf(what, address, source);
      const send = createSend({ what, timeoutMs, signal });
      const name = known.get(server) ?? (await findKind(what, server, token, send));
      known.set(server, name);
      const place = { server, path: pathOf(address), token, head: branch, base: source.branch };
      return await propose({ kind: kinds[name], place, send, what, credentials: reference }, { title, body });
    },
  };
}

interface Token {
  readonly token: string;
  /** Of its secret, for messages. */
  readonly reference: string;
}

/** `https://host/acme/shop.git/` → `acme/shop`. */
function pathOf({ url }: Address): string {
  return decodeURIComponent(new URL(url).pathname)
    .replace(/^\/+|\/+$/g, '')
    .replace(/\.git$/, '');
}
