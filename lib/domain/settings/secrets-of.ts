import { at, listAt } from './raw-document.ts';
import { formatPath } from './settings-problem.ts';

/** What secrets are for. In AWS it is part of their name, so that a role can be given one kind of them (DESIGN §5.1). */
export type SecretKind = 'kubeconfig' | 'git-read' | 'git-write' | 'webhook' | 'registry' | 'api';

export interface SecretUse {
  readonly kind: SecretKind;
  /** Where it is named: `targets[2].cluster.kubeconfig`. */
  readonly path: string;
  /** A `SecretRef`, if the document is right. */
  readonly ref: unknown;
}

/** Every secret that a parsed `sluice.yaml`, or the settings made of it, names. */
export function secretsOf(document: unknown): readonly SecretUse[] {
  const uses: SecretUse[] = [];
  function add(kind: SecretKind, path: readonly PropertyKey[], ref: unknown): void {
    if (ref !== undefined) uses.push({ kind, path: formatPath(path), ref });
  }
  function addAuth(kind: SecretKind, path: readonly PropertyKey[], auth: unknown): void {
    add(kind, [...path, 'token'], at(auth, 'token'));
    add(kind, [...path, 'sshKey'], at(auth, 'sshKey'));
    add(kind, [...path, 'githubApp', 'privateKey'], at(at(auth, 'githubApp'), 'privateKey'));
  }

  for (const [index, webhook] of listAt(document, 'webhooks').entries()) {
    const path = ['webhooks', index, 'secret'];
    const secret = at(webhook, 'secret');
    if (!Array.isArray(secret)) add('webhook', path, secret);
    else for (const [position, ref] of secret.entries()) add('webhook', [...path, position], ref);
  }
  for (const [index, token] of listAt(at(document, 'api'), 'tokens').entries()) {
    add('api', ['api', 'tokens', index, 'secret'], at(token, 'secret'));
  }
  for (const [index, registry] of listAt(document, 'registries').entries()) {
    add('registry', ['registries', index, 'auth'], at(registry, 'auth'));
  }
  for (const [index, target] of listAt(document, 'targets').entries()) {
    const path = ['targets', index];
    const source = at(target, 'source');
    const automation = at(target, 'automation');
    addAuth('git-read', [...path, 'source', 'auth'], at(source, 'auth'));
    for (const [position, key] of listAt(at(source, 'verify'), 'keys').entries()) {
      add('git-read', [...path, 'source', 'verify', 'keys', position], key);
    }
    add('kubeconfig', [...path, 'cluster', 'kubeconfig'], at(at(target, 'cluster'), 'kubeconfig'));
    addAuth('git-write', [...path, 'automation', 'auth'], at(automation, 'auth'));
    add('git-write', [...path, 'automation', 'sign'], at(automation, 'sign'));
  }
  return uses;
}
