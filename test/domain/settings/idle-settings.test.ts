import { expect, it } from 'vitest';
import { idleSettings } from '../../../lib/domain/settings/idle-settings.ts';
import { Settings } from '../../../lib/domain/settings/settings.ts';

const target = {
  name: 'shop',
  source: { url: 'https://h.example/a', branch: 'main' },
  cluster: { kubeconfig: { env: 'K' } },
};

it.each([
  [{ targets: [target, { ...target, name: 'b', automation: {} }], registries: [{ host: 'r.example' }] }, []],
  [{ targets: [{ ...target, cluster: { eks: { name: 'a', region: 'b' } } }] }, ['targets[0].cluster.eks']],
  [{ registries: [{ host: 'r.example' }] }, ['registries']],
  [{ helmRepositories: { 'https://a.example': 'https://b.example' } }, ['helmRepositories']],
  [{ targets: [{ ...target, cluster: { kubeconfig: { aws: 'a' } } }] }, ['targets[0].cluster.kubeconfig']],
  [
    { targets: [{ ...target, source: { ...target.source, auth: { token: { ssm: '/a' } } } }] },
    ['targets[0].source.auth.token'],
  ],
  [{ webhooks: [{ id: 'a', sender: 'github', secret: [{ env: 'A' }, { aws: 'b' }] }] }, ['webhooks[0].secret[1]']],
  [{ targets: [{ ...target, renderer: 'helm', values: { aws: 'eu-west-1' } }] }, []],
])('%j does nothing yet at %j', (settings, paths) => {
  expect(idleSettings(Settings.parse({ version: 1, ...settings }), false).map(({ path }) => path)).toEqual(paths);
});

it('what only the functions in AWS heed is not said there', () => {
  const eks = { ...target, cluster: { eks: { name: 'a', region: 'b' } } };
  const webhooks = [{ id: 'a', sender: 'github', secret: { aws: 'sluice/prod/webhook/a' } }];
  const settings = Settings.parse({ version: 1, webhooks, targets: [eks] });
  expect(idleSettings(settings, true).map(({ path }) => path)).toEqual([]);
});
