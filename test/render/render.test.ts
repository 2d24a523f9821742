import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRender } from '../../lib/render/render.ts';
import { configMap, listOf, makeCheckout, makeDirectory, renderIn, targetWith } from './checkout.ts';
import { tools } from './tools.ts';

describe('createRender', () => {
  it('chooses the renderer of each path, and joins them in the order of the paths', async () => {
    const checkout = await makeCheckout({
      'plain/a.yaml': configMap('a'),
      'kustomized/kustomization.yaml': 'resources: [b.yaml]\n',
      'kustomized/b.yaml': configMap('b'),
      'chart/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
      'chart/templates/c.yaml': configMap('c'),
      'flux/.flux.yaml': 'version: 1\ncommandUpdated: {generators: [{command: cat d.yaml}]}\n',
      'flux/d.yaml': configMap('d'),
      'flux/nested/kustomization.yaml': 'resources: []\n',
      'flux/nested/d.yaml': configMap('e'),
    });
    const rendered = await renderIn(checkout, { paths: ['flux', 'chart', 'kustomized', 'plain', 'flux/nested'] });
    expect(listOf(rendered)).toEqual([
      'flux/d.yaml: ConfigMap/d',
      'chart/templates/c.yaml: ConfigMap/c',
      'kustomize build kustomized: ConfigMap/b',
      'plain/a.yaml: ConfigMap/a',
      'flux/nested/d.yaml: ConfigMap/e',
    ]);
  });

  it('takes the renderer that the target names for every path', async () => {
    const checkout = await makeCheckout({
      'a/kustomization.yaml': 'resources: [x.yaml]\nnamePrefix: p-\n',
      'a/x.yaml': configMap('x'),
    });
    expect(listOf(await renderIn(checkout, { paths: ['a'], renderer: 'plain' }))).toEqual(['a/x.yaml: ConfigMap/x']);
    expect(listOf(await renderIn(checkout, { paths: ['a'] }))).toEqual(['kustomize build a: ConfigMap/p-x']);
  });

  it('removes what it made also after a failure, and needs no tools for plain files', async () => {
    const scratch = join(await makeDirectory(), 'not', 'there');
    const render = createRender({ tools: () => Promise.reject(new Error('not needed')), scratch });
    const checkout = await makeCheckout({ 'a.yaml': configMap('a'), 'b/c.yaml': 'kind: [' });
    expect((await render({ directory: checkout, target: targetWith({ paths: ['a.yaml'] }) })).manifests).toHaveLength(
      1,
    );
    await expect(render({ directory: checkout, target: targetWith() })).rejects.toThrow('Cannot read "b/c.yaml"');
    expect(await readdir(scratch)).toEqual([]);
  });

  it('renders several at once, each for itself', async () => {
    const checkout = await makeCheckout({ 'kustomization.yaml': 'resources: [a.yaml]\n', 'a.yaml': configMap('a') });
    const render = createRender({ tools, scratch: await makeDirectory() });
    const all = await Promise.all(
      Array.from({ length: 5 }, () => render({ directory: checkout, target: targetWith() })),
    );
    expect(all.map(({ manifests }) => manifests.length)).toEqual([1, 1, 1, 1, 1]);
  });
});
