import type { SecretRef } from './secret-ref.ts';

/** `{ env: SHOP_TOKEN }`, as `sluice.yaml` has it: what messages call a secret. */
export function describeSecret(ref: SecretRef): string {
  const fields = Object.entries(ref).map(([name, value]) => `${name}: ${value}`);
  return `{ ${fields.join(', ')} }`;
}
