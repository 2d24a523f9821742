import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createReadSecret } from '../../lib/adapters/secrets.ts';
import { createLog } from '../../lib/log.ts';

let directory: string;
const lines: string[] = [];

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'sluice-secrets-'));
  write('token', 's3cr3t\n');
  write('windows', 's3cr3t\r\n');
  write('key', 'line\n\n');
  write('empty', '\n');
  write('large', 's3cr3t'.repeat(200_000));
  write('open', 's3cr3t', 0o644);
  execFileSync('mkfifo', [join(directory, 'pipe')]);
});
afterAll(() => rmSync(directory, { recursive: true }));

function write(name: string, text: string, mode = 0o600): void {
  writeFileSync(join(directory, name), text);
  chmodSync(join(directory, name), mode);
}

function reader() {
  return createReadSecret({
    environment: { TOKEN: 's3cr3t', EMPTY: '', BLANK: '  ' },
    directory,
    log: createLog((line) => lines.push(line)),
  });
}

it.each([
  [{ file: 'token' }, 's3cr3t'],
  [{ file: 'windows' }, 's3cr3t'],
  [{ file: 'key' }, 'line\n'],
  [{ env: 'TOKEN' }, 's3cr3t'],
])('the secret %j is read without one line break at its end', async (ref, value) => {
  expect(await reader()(ref)).toBe(value);
});

it('a secret file may be named by its absolute path', async () => {
  expect(await reader()({ file: join(directory, 'token') })).toBe('s3cr3t');
});

it.each([
  [{ file: 'absent' }, 'missing', 'Cannot read the secret "{ file: absent }": no such file'],
  [{ file: '.' }, 'missing', 'Cannot read the secret "{ file: . }": it is not a file'],
  [{ file: 'pipe' }, 'missing', 'Cannot read the secret "{ file: pipe }": it is not a file'],
  [{ file: 'empty' }, 'missing', 'Cannot read the secret "{ file: empty }": it is empty'],
  [{ file: 'large' }, 'missing', 'Cannot read the secret "{ file: large }": more than 1048576 bytes'],
  [{ env: 'ABSENT' }, 'missing', 'Cannot read the secret "{ env: ABSENT }": no such variable'],
  [{ env: 'EMPTY' }, 'missing', 'Cannot read the secret "{ env: EMPTY }": it is empty'],
  [{ env: 'BLANK' }, 'missing', 'Cannot read the secret "{ env: BLANK }": it is empty'],
  [
    { aws: 'sluice/prod/x' },
    'user',
    'Cannot read the secret "{ aws: sluice/prod/x }": only the functions in AWS read it',
  ],
  [{ ssm: '/sluice/x' }, 'user', 'Cannot read the secret "{ ssm: /sluice/x }": only the functions in AWS read it'],
])('the secret %j is refused as %s', async (ref, fault, message) => {
  await expect(reader()(ref)).rejects.toMatchObject({ name: 'Failure', fault, message });
});

it('a secret file that every account can read is told once, without its value', async () => {
  lines.length = 0;
  const read = reader();
  await read({ file: 'open' });
  await read({ file: 'open' });
  await read({ file: 'token' });
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([{ level: 'warn', file: 'open' }]);
  expect(lines.join()).not.toContain('s3cr3t');
});
