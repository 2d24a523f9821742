import { expect, it } from 'vitest';
import { readSecrets } from '../../lib/app/read-secrets.ts';
import { Failure } from '../../lib/domain/failure.ts';

it('a secret that cannot be read takes nothing from the others of its list', async () => {
  const missing = new Failure('missing', 'Cannot read the secret "{ env: B }": no such variable');
  const read = await readSecrets([{ env: 'A' }, { env: 'B' }, { file: 'c' }], async (ref) => {
    if ('env' in ref && ref.env === 'B') throw missing;
    return 'env' in ref ? 'of A' : 'of c';
  });
  expect(read).toEqual({ values: ['of A', 'of c'], failures: [missing] });
});
