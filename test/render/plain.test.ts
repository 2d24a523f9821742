import { link, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeShared } from '../shared.ts';
import { configMap, failureOf, listOf, makeCheckout, makeDirectory, renderIn } from './checkout.ts';

const chart = {
  'charts/a/Chart.yaml': 'name: a\n',
  'charts/a/values.yaml': '{}\n',
  'charts/a/templates/x.yaml': 'a: {{ .Values.x }}\n',
};

describeShared('the corpus', (directory) => {
  const repository = join(directory, 'corpus/flux-get-started');
  const objects = [
    'namespaces/demo.yaml: Namespace/demo',
    'releases/ghost.yaml: HelmRelease/ghost',
    'releases/mongodb.yaml: HelmRelease/mongodb',
    'releases/redis-auth.yaml: Secret/redis-auth',
    'releases/redis.yaml: HelmRelease/redis',
    'workloads/podinfo-dep.yaml: Deployment/podinfo',
    'workloads/podinfo-hpa.yaml: HorizontalPodAutoscaler/podinfo',
    'workloads/podinfo-svc.yaml: Service/podinfo',
  ];

  it('flux-get-started renders as a whole, without its chart', async () => {
    const rendered = await renderIn(repository);
    expect(listOf(rendered)).toEqual(objects);
    expect(rendered.warnings).toEqual([]);
  });

  it('flux-get-started renders by its directories, in the order of the paths', async () => {
    const rendered = await renderIn(repository, { paths: ['workloads', 'releases', 'namespaces'] });
    expect(listOf(rendered)).toEqual([...objects.slice(5), ...objects.slice(1, 5), ...objects.slice(0, 1)]);
  });
});

describe('renderPlain', () => {
  it('reads .yaml and .yml below the path in the order of names, and leaves out .git, charts, .flux.yaml and kustomizations', async () => {
    const checkout = await makeCheckout({
      ...chart,
      'b.yml': configMap('b'),
      'a.yaml': configMap('a'),
      'c.json': '{"kind": 1}',
      Kustomization: 'resources: []\n',
      'd/kustomization.yaml': 'resources: [x.yaml]\n',
      'd/x.yaml': configMap('x'),
      'd/.flux.yaml': 'version: 1\nscanForFiles: {}\n',
      '.git/e.yaml': ': : :',
      '.github/workflows/ci.yaml': 'on: push\n',
    });
    const rendered = await renderIn(checkout, { renderer: 'plain' });
    expect(listOf(rendered)).toEqual(['a.yaml: ConfigMap/a', 'b.yml: ConfigMap/b', 'd/x.yaml: ConfigMap/x']);
    expect(rendered.warnings).toEqual([
      '".github/workflows/ci.yaml" line 1 was left out: the document has no kind',
      '"d/kustomization.yaml" was not used: only a path of the target that names its directory is built by kustomize',
    ]);
  });

  it('reads a file that is named as the path, but nothing within a chart', async () => {
    const checkout = await makeCheckout({ ...chart, 'a/b.yaml': configMap('b'), 'a/c.txt': 'c' });
    expect(listOf(await renderIn(checkout, { paths: ['a/b.yaml', 'charts/a/templates', 'a/c.txt'] }))).toEqual([
      'a/b.yaml: ConfigMap/b',
    ]);
  });

  it('reads a file once if two paths cover it', async () => {
    const checkout = await makeCheckout({ 'a/b/c.yaml': configMap('c') });
    expect(listOf(await renderIn(checkout, { paths: ['a/b', 'a', './a/', 'a/b/c.yaml'] }))).toEqual([
      'a/b/c.yaml: ConfigMap/c',
    ]);
  });

  it('renders nothing of an empty directory, and something beside it', async () => {
    const checkout = await makeCheckout({ 'a/keep': '', 'b/c.yaml': configMap('c') });
    expect(await renderIn(checkout, { paths: ['a'] })).toEqual({ manifests: [], warnings: [] });
    expect(listOf(await renderIn(checkout, { paths: ['a', 'b'] }))).toEqual(['b/c.yaml: ConfigMap/c']);
  });

  it('follows a link to a file in the checkout, and enters no linked directory', async () => {
    const checkout = await makeCheckout({ 'a/x.txt': configMap('x'), 'b/y.yaml': configMap('z') });
    await symlink('../a/x.txt', join(checkout, 'b/x.yaml'));
    await symlink('..', join(checkout, 'b/round'));
    await symlink('nowhere', join(checkout, 'b/README.md'));
    expect(listOf(await renderIn(checkout, { paths: ['b'] }))).toEqual([
      'b/x.yaml: ConfigMap/x',
      'b/y.yaml: ConfigMap/z',
    ]);
  });

  it('takes hard links for the files they are', async () => {
    const checkout = await makeCheckout({ 'a.yaml': configMap('a') });
    await link(join(checkout, 'a.yaml'), join(checkout, 'b.yaml'));
    expect((await failureOf(renderIn(checkout))).code).toBe('Duplicate');
  });

  it('keeps a short list of warnings', async () => {
    const checkout = await makeCheckout(
      Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`${n}.yaml`, 'a: b\n'])),
    );
    const { warnings } = await renderIn(checkout);
    expect(warnings).toHaveLength(51);
    expect(warnings.at(-1)).toBe('and 10 more like these');
  });

  it('stops with the run', async () => {
    const checkout = await makeCheckout({ 'a.yaml': configMap('a') });
    expect(await failureOf(renderIn(checkout, {}, AbortSignal.abort()))).toMatchObject({
      fault: 'server',
      code: 'Aborted',
      message: 'Cannot finish the render: the run was stopped',
    });
  });
});

describe('bad input', () => {
  it.each([
    [
      'YAML that does not parse',
      'kind: ConfigMap\nmetadata:\n\tname: a\n',
      'Cannot read "a.yaml": line 3, column 1: tabs are not allowed as indentation',
    ],
    [
      'binary garbage',
      Uint8Array.from({ length: 256 }, (_, byte) => byte),
      'Cannot read "a.yaml": the file is not UTF-8 text',
    ],
    ['control characters', 'a: \u0000\n', 'Cannot read "a.yaml": line 1, column 4: a control character'],
    [
      'an alias bomb',
      `a0: &a0 [x]\n${Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(9).fill(`*a${n}`)}]\n`).join('')}`,
      /^Cannot read "a.yaml": line \d+, column \d+: aliases make more than 100000 values$/,
    ],
    [
      'a template outside of a chart',
      'kind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n',
      /^Cannot read "a.yaml": line 3, column \d+: /,
    ],
  ])('%s is refused with its file', async (_name, text, message) => {
    const checkout = await makeCheckout({ 'a.yaml': text, 'b.yaml': configMap('b') });
    const failure = await failureOf(renderIn(checkout));
    expect(failure.fault).toBe('user');
    expect(failure.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  });

  it('a duplicate is refused with its id and both files', async () => {
    const checkout = await makeCheckout({ 'a.yaml': configMap('one'), 'b/c.yaml': `# again\n${configMap('one')}` });
    expect(await failureOf(renderIn(checkout))).toMatchObject({
      fault: 'user',
      message: 'Cannot apply "configmap/one": a duplicate, defined in "a.yaml" line 1 and in "b/c.yaml" line 2',
    });
  });

  it('a file of 60 MiB is refused with its size, before it is read', async () => {
    const checkout = await makeCheckout({});
    await writeFile(join(checkout, 'a.yaml'), '');
    await truncate(join(checkout, 'a.yaml'), 60 * 1024 * 1024);
    const started = performance.now();
    expect(await failureOf(renderIn(checkout))).toMatchObject({
      fault: 'user',
      message: 'Cannot read "a.yaml": 60 MiB, more than the 10 MiB that a file may have',
    });
    expect(performance.now() - started).toBeLessThan(500);
  });

  it.each(['../x', 'a/../../x', '/etc'])('the path %s is refused', async (path) => {
    const checkout = await makeCheckout({ 'a/b.yaml': configMap('b') });
    expect(await failureOf(renderIn(checkout, { paths: [path] }))).toMatchObject({
      fault: 'user',
      message: `Cannot read "${path}": the path leaves the checkout`,
    });
  });

  it.each(['a/x.yaml', 'a/x', 'a/y.txt'])(
    'a link %s out of the checkout is refused, wherever it lies',
    async (name) => {
      const outside = await makeDirectory();
      await writeFile(join(outside, 'secret.yaml'), configMap('secret'));
      const checkout = await makeCheckout({ 'a/b.yaml': configMap('b') });
      await symlink(name === 'a/x' ? outside : join(outside, 'secret.yaml'), join(checkout, name));
      const failure = { fault: 'user', message: `Cannot read "${name}": a symbolic link leads out of the checkout` };
      expect(await failureOf(renderIn(checkout))).toMatchObject(failure);
      expect(await failureOf(renderIn(checkout, { paths: [name] }))).toMatchObject(failure);
    },
  );

  it.each(['x'.repeat(300), 'a\0b'])('a name that no file can have is refused, and is not our fault', async (name) => {
    expect(await failureOf(renderIn(await makeCheckout({}), { paths: [name] }))).toMatchObject({
      fault: 'user',
      message: `Cannot read "${name.slice(0, 100)}${name.length > 100 ? '…' : ''}": no file can have this name`,
    });
  });

  it('links in a circle, and to nothing, are refused', async () => {
    const checkout = await makeCheckout({});
    await symlink('b.yaml', join(checkout, 'a.yaml'));
    await symlink('a.yaml', join(checkout, 'b.yaml'));
    expect((await failureOf(renderIn(checkout))).message).toBe(
      'Cannot read "a.yaml": its symbolic links go in a circle',
    );
    const other = await makeCheckout({});
    await symlink('nowhere', join(other, 'a.yaml'));
    expect((await failureOf(renderIn(other))).message).toBe(
      'Cannot read "a.yaml": its symbolic link leads to nothing that is there',
    );
  });

  it('a path that is not there is refused with its name', async () => {
    const checkout = await makeCheckout({ 'a.yaml': configMap('a') });
    expect(await failureOf(renderIn(checkout, { paths: ['.', 'no/such'] }))).toMatchObject({
      fault: 'user',
      message: 'Cannot read "no/such": it is not in the checkout',
    });
  });
});
