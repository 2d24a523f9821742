import { createPrivateKey, sign } from 'node:crypto';
import * as z from 'zod/mini';
import type { ReadSecret } from '../../app/ports.ts';
import { Failure } from '../../domain/failure.ts';
import type { SourceAuth } from '../../domain/settings/settings.ts';
import type { Address } from './address.ts';

type GithubApp = Extract<SourceAuth, { githubApp: unknown }>['githubApp'];

/** Installation tokens of GitHub Apps. */
export interface GithubApps {
  /** A token that reads the repositories of the installation; `address` says which GitHub. */
  token(address: Address, app: GithubApp): Promise<string>;
}

const Answer = z.object({ token: z.string().check(z.minLength(1)) });

// GitHub's tokens last an hour; secrets are kept for at most five minutes (DESIGN §8).
const keptMilliseconds = 300_000;
const timeoutMilliseconds = 15_000;

/**
 * Asks GitHub for installation tokens: a JWT signed with the app's key for one POST (docs.github.com, "Authenticating as a GitHub
 * App installation"). `apiUrl` replaces the API of the address' host.
 */
export function createGithubApps(readSecret: ReadSecret, apiUrl?: string): GithubApps {
  const kept = new Map<string, { readonly token: string; readonly until: number }>();

  async function token(address: Address, app: GithubApp): Promise<string> {
    const api = apiUrl ?? apiOf(address);
    const name = JSON.stringify([api, app]);
    const known = kept.get(name);
    if (known !== undefined && Date.now() < known.until) return known.token;
    const fresh = await requestToken(api, app, await readSecret(app.privateKey));
    kept.set(name, { token: fresh, until: Date.now() + keptMilliseconds });
    return fresh;
  }
  return { token };
}

/** GitHub Enterprise Server has its API below the host itself. */
function apiOf(address: Address): string {
  return address.server === 'https://github.com' ? 'https://api.github.com' : `${address.server}/api/v3`;
}

async function requestToken(api: string, app: GithubApp, privateKey: string): Promise<string> {
  const about = `Cannot get a token of the GitHub App "${app.appId}"`;
  const url = `${api}/app/installations/${encodeURIComponent(app.installationId)}/access_tokens`;
  const authorization = `Bearer ${jwt(about, app.appId, privateKey)}`;
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { authorization, accept: 'application/vnd.github+json', 'user-agent': 'sluice' },
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMilliseconds),
    });
  } catch (cause) {
    throw new Failure('server', `${about}: ${api} does not answer`, { cause, code: 'Unreachable' });
  }
  if (response.status >= 500 || response.status === 429)
    throw new Failure('server', `${about}: ${api} answers ${response.status}`, { code: 'Unreachable' });
  if (response.status !== 201)
    throw new Failure('user', `${about}: ${api} answers ${response.status}`, {
      code: 'Unauthorized',
      help: 'Check githubApp.appId, installationId and privateKey',
    });
  const answer = Answer.safeParse(await response.json().catch(() => undefined));
  if (!answer.success) throw new Failure('server', `${about}: ${api} answers without a token`);
  return answer.data.token;
}

/** RFC 7519, RS256. Begins a minute ago and ends in nine, as GitHub advises against clocks that differ. */
function jwt(about: string, issuer: string, privateKey: string): string {
  const now = Math.floor(Date.now() / 1000);
  const parts = [
    { alg: 'RS256', typ: 'JWT' },
    { iat: now - 60, exp: now + 540, iss: issuer },
  ];
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  try {
    return `${text}.${sign('RSA-SHA256', Buffer.from(text), createPrivateKey(privateKey)).toString('base64url')}`;
  } catch {
    // The error of node:crypto may quote the key.
    throw new Failure('user', `${about}: its privateKey is not a PEM private key`);
  }
}
