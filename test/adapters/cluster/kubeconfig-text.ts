import type { Certificate } from '../../fakes/certificate.ts';

/** The token of the user of every `kubeconfigText`: no message may hold it. */
export const secret = 'hunter2-hunter2';

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** A user entry that logs in with a client certificate alone. */
export function certificateUser({ certificate, key }: Certificate): object {
  return { token: '', 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) };
}

export interface KubeconfigParts {
  readonly cluster?: object;
  readonly user?: object;
  readonly context?: object;
  readonly current?: string;
}

/** A kubeconfig with two contexts, `prod` and `test` (namespace `team`), of one cluster and user; the parts are merged into `prod` and these. */
export function kubeconfigText({ cluster, user, context, current = 'prod' }: KubeconfigParts = {}): string {
  return JSON.stringify({
    'current-context': current,
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:6443', ...cluster } }],
    users: [{ name: 'u', user: { token: secret, ...user } }],
    contexts: [
      { name: 'prod', context: { cluster: 'c', user: 'u', ...context } },
      { name: 'test', context: { cluster: 'c', user: 'u', namespace: 'team' } },
    ],
  });
}
