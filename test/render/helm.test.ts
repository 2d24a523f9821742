import { readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRender } from '../../lib/render/render.ts';
import { describeShared } from '../shared.ts';
import { configMap, failureOf, listOf, makeCheckout, makeDirectory, renderIn, targetWith } from './checkout.ts';
import { tools } from './tools.ts';

function chart(templates: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return {
    'chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
    ...Object.fromEntries(Object.entries(templates).map(([name, text]) => [`chart/templates/${name}`, text])),
  };
}

function hook(name: string, events: string): string {
  return `apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: ${name}\n  annotations:\n    helm.sh/hook: ${events}\n`;
}

const values = {
  'x.yaml':
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n  namespace: {{ .Release.Namespace }}\ndata:\n{{ toYaml .Values.data | indent 2 }}\n',
};

describe('renderHelm', () => {
  it('templates a chart without values.yaml with the values of the target, over its files in their order', async () => {
    const checkout = await makeCheckout({
      ...chart(values),
      'values/a.yaml': 'data: {a: file-a, b: file-a, c: file-a}\n',
      'values/b.yaml': 'data: {b: file-b, c: file-b}\n',
    });
    const { manifests } = await renderIn(checkout, {
      paths: ['chart'],
      values: { data: { c: 'target' } },
      valuesFiles: ['values/a.yaml', 'values/b.yaml'],
      namespace: 'shop-live',
    });
    expect(manifests).toEqual([
      {
        object: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'shop', namespace: 'shop-live' },
          data: { a: 'file-a', b: 'file-b', c: 'target' },
        },
        file: 'chart/templates/x.yaml',
      },
    ]);
  });

  it('renders CRDs, several documents of a template, and charts within', async () => {
    const checkout = await makeCheckout({
      ...chart({ 'a.yaml': `${configMap('a')}---\n${configMap('b')}` }),
      'chart/crds/c.yaml': 'apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: c}\n',
      'chart/charts/sub/Chart.yaml': 'apiVersion: v2\nname: sub\nversion: 1.0.0\n',
      'chart/charts/sub/templates/d.yaml': configMap('d'),
    });
    expect([...listOf(await renderIn(checkout, { paths: ['chart'] }))].sort()).toEqual([
      'chart/charts/sub/templates/d.yaml: ConfigMap/d',
      'chart/crds/c.yaml: CustomResourceDefinition/c',
      'chart/templates/a.yaml: ConfigMap/a',
      'chart/templates/a.yaml: ConfigMap/b',
    ]);
  });

  it('applies hooks of installing and upgrading, and leaves tests and hooks of deletion out', async () => {
    const checkout = await makeCheckout(
      chart({
        'a.yaml': hook('install', 'pre-install,pre-delete'),
        'b.yaml': hook('upgrade', 'post-upgrade'),
        'c.yaml': hook('delete', 'pre-delete, post-delete'),
        'd.yaml': hook('test', 'test-success'),
        'e.yaml': hook('rollback', 'pre-rollback'),
      }),
    );
    const rendered = await renderIn(checkout, { paths: ['chart'] });
    expect([...listOf(rendered)].sort()).toEqual([
      'chart/templates/a.yaml: Job/install',
      'chart/templates/b.yaml: Job/upgrade',
    ]);
    expect([...rendered.warnings].sort()).toEqual([
      '"chart/templates/c.yaml" was left out: the Job "delete" is a hook of pre-delete, post-delete',
      '"chart/templates/e.yaml" was left out: the Job "rollback" is a hook of pre-rollback',
    ]);
  });

  it('leaves nothing of the values behind', async () => {
    const checkout = await makeCheckout(chart(values));
    const scratch = join(await makeDirectory(), 'scratch');
    await createRender({ tools, scratch })({
      directory: checkout,
      target: targetWith({ paths: ['chart'], values: { data: { a: 'b' } } }),
    });
    expect(await readdir(scratch)).toEqual([]);
  });
});

describe('a chart that cannot be rendered', () => {
  describeShared('of the corpus', (directory) => {
    it('for want of its dependencies says which, and what to do', async () => {
      const failure = await failureOf(
        renderIn(join(directory, 'corpus/flux-get-started'), { paths: ['charts/ghost'] }),
      );
      expect(failure).toMatchObject({
        fault: 'user',
        message: 'Cannot render the chart "charts/ghost": its dependencies are not in its charts directory: mariadb',
        help: expect.stringContaining('helm dependency build'),
      });
    });
  });

  it.each([
    [
      'a template that fails',
      chart({ 'a.yaml': '{{ fail "no host" }}' }),
      /^Cannot render the chart "chart": .*no host$/,
    ],
    [
      'a template that is no YAML',
      chart({ 'a.yaml': 'a: b: c\n' }),
      /^Cannot render the chart "chart": YAML parse error on web\/templates\/a.yaml: .*mapping values are not allowed/,
    ],
    [
      'a template without kind',
      chart({ 'a.yaml': 'a: b\n' }),
      'Cannot read "chart/templates/a.yaml": line 1: the document has no kind',
    ],
    [
      'a template without name',
      chart({ 'a.yaml': 'apiVersion: v1\nkind: Secret\n' }),
      'Cannot read "chart/templates/a.yaml": line 1: the Secret has no metadata.name',
    ],
    [
      'a bad Chart.yaml',
      { 'chart/Chart.yaml': 'name: web\n' },
      /^Cannot render the chart "chart": .*chart.metadata.version is required$/,
    ],
  ])('for %s is told in one line', async (_name, files, message) => {
    const failure = await failureOf(renderIn(await makeCheckout(files), { paths: ['chart'] }));
    expect(failure.fault).toBe('user');
    expect(failure.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
    expect(failure.message).not.toContain('\n');
  });

  it('since a link in it leads out of the checkout is refused before helm follows it', async () => {
    const checkout = await makeCheckout(chart({ 'a.yaml': '{{ .Files.Get "leak" }}' }));
    await symlink('/etc/hostname', join(checkout, 'chart/leak'));
    expect((await failureOf(renderIn(checkout, { paths: ['chart'] }))).message).toBe(
      'Cannot read "chart/leak": a symbolic link leads out of the checkout',
    );
  });

  it('for want of a values file, or one beyond the checkout, names it', async () => {
    const checkout = await makeCheckout(chart(values));
    expect((await failureOf(renderIn(checkout, { paths: ['chart'], valuesFiles: ['no.yaml'] }))).message).toBe(
      'Cannot read "no.yaml": it is not in the checkout',
    );
    expect((await failureOf(renderIn(checkout, { paths: ['chart'], valuesFiles: ['../no.yaml'] }))).message).toBe(
      'Cannot read "../no.yaml": the path leaves the checkout',
    );
  });

  it('within a plain path, without a values.yaml, is read as Flux v1 reads it: its templates are no manifests', async () => {
    const checkout = await makeCheckout(chart(values));
    expect((await failureOf(renderIn(checkout, { paths: ['.'] }))).message).toMatch(
      /^Cannot read "chart\/templates\/x.yaml": line 7, column 1: /,
    );
  });
});
