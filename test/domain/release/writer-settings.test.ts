import { describe, expect, it } from 'vitest';
import { refuseToWrite, writersOf } from '../../../lib/domain/release/writer-settings.ts';
import { Settings, type Target } from '../../../lib/domain/settings/settings.ts';

function targetsOf(...fields: readonly Record<string, unknown>[]): readonly Target[] {
  const source = { url: 'https://github.com/acme/shop.git', branch: 'main' };
  const cluster = { kubeconfig: { env: 'K' } };
  const targets = fields.map((more, index) => ({
    name: `t${index}`,
    cluster,
    automation: {},
    ...more,
    source: { ...source, ...(more.source as object) },
  }));
  return Settings.parse({ version: 1, targets }).targets;
}

const token = { token: { env: 'TOKEN' } };

describe('targets of one branch', () => {
  it('are written with one commit where they say the same of how to write', () => {
    const [writer, ...more] = writersOf(
      targetsOf(
        { source: { paths: ['a'], auth: token }, valuesFiles: ['v.yaml'] },
        { source: { paths: ['b', 'a'], auth: token } },
        { source: { paths: ['c'] }, automation: { auth: token } },
      ),
    );
    expect(more).toEqual([]);
    expect(writer).toMatchObject({
      source: { paths: ['a', 'b', 'c'], auth: token },
      files: ['v.yaml'],
      author: { name: 'Sluice', email: 'sluice@localhost' },
      template: '{message}',
    });
    expect(writer).not.toHaveProperty('branch');
  });

  it.each([
    { push: 'pullRequest' },
    { author: { name: 'A', email: 'a@b.c' } },
    { sign: { env: 'KEY' } },
    { message: '{message} [skip ci]' },
    { auth: token },
  ])('are written apart where one says %o', (automation) => {
    const [, own, ...more] = writersOf(targetsOf({}, { automation }));
    expect(more).toEqual([]);
    expect(own?.targets.map(({ name }) => name)).toEqual(['t1']);
    if (automation.push) expect(own?.branch).toBe('sluice/main');
    if (automation.auth) expect(own?.source.auth).toEqual(token);
    if (automation.sign) expect(own?.sign).toEqual({ env: 'KEY' });
  });
});

it.each([
  [{ automation: undefined }, 'the target is read-only'],
  [{}, 'there is no credential for it'],
  [{ source: { url: 'git@github.com:acme/shop.git' } }, 'there is no credential for it'],
  [{ automation: { auth: token } }, undefined],
  [{ source: { auth: token } }, undefined],
  [{ source: { url: 'file:///srv/shop.git' } }, undefined],
])('a target with %o is refused: %s', (fields, reason) => {
  const [target] = targetsOf(fields);
  const failure = target && refuseToWrite(target);
  if (reason === undefined) expect(failure).toBeUndefined();
  else expect(failure?.message).toContain(reason);
});
