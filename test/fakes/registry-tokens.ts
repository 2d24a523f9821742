import { createPrivateKey, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCertificate } from './certificate.ts';

/** A token server as registries send their clients to (distribution spec, "token authentication"): what it signs a real registry verifies. */
export interface TokenServer extends AsyncDisposable {
  readonly realm: string;
  /** What the registry has to trust. */
  readonly certificate: string;
  /** Requests as they came: scope, and the credential. */
  readonly requests: { readonly scope: string | null; readonly authorization: string | undefined }[];
  /** How long tokens hold from now on, in seconds. */
  expiresIn: number;
  /** Answers with this status instead, while it is set. */
  status: number | undefined;
}

/** Gives everyone who sends `credential` what they ask for, others tokens for nothing. */
export async function startTokenServer(credential: string): Promise<TokenServer> {
  const { certificate, key } = createCertificate({ name: 'test-issuer' });
  const der = certificate.replaceAll(/-----[^-]+-----|\s/g, '');
  const requests: TokenServer['requests'] = [];
  const state: { expiresIn: number; status: number | undefined } = { expiresIn: 300, status: undefined };

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    const { authorization } = request.headers;
    const scope = url.searchParams.get('scope');
    requests.push({ scope, authorization });
    if (state.status !== undefined) {
      response.writeHead(state.status).end();
      return;
    }
    const known = authorization === `Basic ${Buffer.from(credential).toString('base64')}`;
    const [type = '', name = '', actions = ''] = (scope ?? '').split(':');
    const access = known && scope !== null ? [{ type, name, actions: actions.split(',') }] : [];
    const now = Math.floor(Date.now() / 1000);
    const token = jwt(
      { alg: 'ES256', typ: 'JWT', x5c: [der] },
      {
        iss: 'test-issuer',
        sub: 'reader',
        aud: url.searchParams.get('service'),
        exp: now + state.expiresIn,
        nbf: now - 10,
        iat: now,
        jti: randomUUID(),
        access,
      },
      key,
    );
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ token, expires_in: state.expiresIn }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    realm: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
    certificate,
    requests,
    get expiresIn() {
      return state.expiresIn;
    },
    set expiresIn(seconds) {
      state.expiresIn = seconds;
    },
    get status() {
      return state.status;
    },
    set status(status) {
      state.status = status;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function jwt(header: unknown, claims: unknown, key: string): string {
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  const signature = sign('sha256', Buffer.from(input), { key: createPrivateKey(key), dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}
