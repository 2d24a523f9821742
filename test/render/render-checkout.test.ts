import { expect, it } from 'vitest';
import { createCheckoutRender } from '../../lib/render/render-checkout.ts';
import { targetWith } from './checkout.ts';

const rendered = {
  manifests: [{ file: 'a.yaml', line: 1, object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } } }],
  warnings: ['a warning'],
};

/** Counts what is written and rendered. */
function counting() {
  const counts = { written: 0, rendered: 0 };
  const render = createCheckoutRender(async () => {
    counts.rendered++;
    return rendered;
  });
  const checkout = (treeId: string) => ({
    treeId,
    async write() {
      counts.written++;
      return '/work-tree';
    },
  });
  return { counts, render, checkout };
}

it('the same files with the same settings are neither written nor rendered again', async () => {
  const { counts, render, checkout } = counting();
  const target = targetWith();
  for (let run = 0; run < 3; run++) expect(await render({ checkout: checkout('t1'), target })).toEqual(rendered);
  await render({ checkout: checkout('t1'), target: { ...target, timeout: 7 } });
  expect(counts).toEqual({ written: 1, rendered: 1 });
});

it('whoever gets what is remembered has it for himself', async () => {
  const { render, checkout } = counting();
  const target = targetWith();
  await render({ checkout: checkout('t1'), target });
  const [one, other] = [
    await render({ checkout: checkout('t1'), target }),
    await render({ checkout: checkout('t1'), target }),
  ];
  expect(one.manifests[0]?.object).not.toBe(other.manifests[0]?.object);
});

it.each([
  ['other files', 't2', {}],
  ['another path', 't1', { paths: ['b'] }],
  ['another renderer', 't1', { renderer: 'helm' as const }],
  ['other values', 't1', { values: { replicas: 2 } }],
  ['another namespace', 't1', { namespace: 'staging' }],
])('%s are rendered', async (_, treeId, settings) => {
  const { counts, render, checkout } = counting();
  await render({ checkout: checkout('t1'), target: targetWith() });
  await render({ checkout: checkout(treeId), target: targetWith(settings) });
  expect(counts).toEqual({ written: 2, rendered: 2 });
});

it.each(['allowCommands', 'allowRemoteBases'] as const)(
  'with %s a render may read what no tree tells of',
  async (setting) => {
    const { counts, render, checkout } = counting();
    for (let run = 0; run < 2; run++)
      await render({ checkout: checkout('t1'), target: targetWith({ [setting]: true }) });
    expect(counts.rendered).toBe(2);
  },
);

it('what failed is tried again', async () => {
  let attempts = 0;
  const render = createCheckoutRender(async () => {
    attempts++;
    if (attempts === 1) throw new Error('a slip');
    return rendered;
  });
  const request = { checkout: { treeId: 't1', write: async () => '/work-tree' }, target: targetWith() };
  await expect(render(request)).rejects.toThrow('a slip');
  expect(await render(request)).toEqual(rendered);
});
