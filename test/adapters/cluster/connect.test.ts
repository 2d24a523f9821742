import { describe, expect, it } from 'vitest';
import { createCertificate } from '../../fakes/certificate.ts';
import { connectTo } from '../../parts/connect.ts';
import { certificateUser, kubeconfigText } from './kubeconfig-text.ts';

const own = createCertificate({ name: 'anna' });
const other = createCertificate({ name: 'bert' });

describe('a connection', () => {
  it("has its context's namespace, or default", async () => {
    await using prod = await connectTo(kubeconfigText());
    await using test = await connectTo(kubeconfigText(), { context: 'test' });
    expect([prod.namespace, test.namespace]).toEqual(['default', 'team']);
  });

  it('has one id for a server and account, however the account is proved', async () => {
    const tokens = ['a', 'b'].map((signature) => {
      const claims = Buffer.from(
        JSON.stringify({ iss: 'k', sub: 'system:serviceaccount:team:deployer', jti: signature }),
      );
      return `e30.${claims.toString('base64url')}.${signature}`;
    });
    const renewed = createCertificate({ name: 'anna' });
    const certificates = [own, renewed, other].map(certificateUser);
    const ids: string[] = [];
    for (const user of [...tokens.map((token) => ({ token })), ...certificates, { token: 'x' }, { token: 'y' }]) {
      await using cluster = await connectTo(kubeconfigText({ user }));
      ids.push(cluster.id);
    }
    const [first, second, anna, annaRenewed, bert, x, y] = ids;
    expect(first).toBe(second);
    expect(anna).toBe(annaRenewed);
    expect(new Set([first, anna, bert, x, y]).size).toBe(5);
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    await using impersonating = await connectTo(kubeconfigText({ user: { token: 'x' } }), { impersonate: 'bert' });
    expect(impersonating.id).not.toBe(x);
  });

  it('tells the log of a server whose certificate is not checked', async () => {
    const lines: unknown[] = [];
    const log = { warn: (...line: unknown[]) => void lines.push(line) };
    await using _ = await connectTo(kubeconfigText({ cluster: { 'insecure-skip-tls-verify': true } }), { log });
    expect(lines).toEqual([
      [
        'The certificate of an API server is not checked: insecure-skip-tls-verify',
        { server: 'https://127.0.0.1:6443' },
      ],
    ]);
  });
});
