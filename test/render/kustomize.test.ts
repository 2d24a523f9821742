import { once } from 'node:events';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createRender } from '../../lib/render/render.ts';
import { configMap, failureOf, listOf, makeCheckout, makeDirectory, renderIn, targetWith } from './checkout.ts';
import { tools } from './tools.ts';

const base = { 'base/kustomization.yaml': 'resources: [a.yaml]\n', 'base/a.yaml': configMap('a') };

describe('renderKustomize', () => {
  it.each(['kustomization.yaml', 'kustomization.yml', 'Kustomization'])(
    'builds a path with %s on bases elsewhere in the checkout',
    async (name) => {
      const checkout = await makeCheckout({
        ...base,
        [`overlays/prod/${name}`]: 'resources: [../../base]\nnamePrefix: prod-\n',
      });
      expect(listOf(await renderIn(checkout, { paths: ['overlays/prod'] }))).toEqual([
        'kustomize build overlays/prod: ConfigMap/prod-a',
      ]);
    },
  );

  it('gives scalars as kubectl apply -k does: kustomize puts words into quotes and leaves numbers alone', async () => {
    const checkout = await makeCheckout({
      'kustomization.yaml': 'resources: [a.yaml]\n',
      'a.yaml':
        'apiVersion: x.example/v1\nkind: X\nmetadata: {name: a}\nspec: {a: 0777, b: "0777", c: yes, d: 12:30, e: 1e3, f: "on"}\n',
    });
    const { manifests } = await renderIn(checkout);
    expect(manifests[0]?.object.spec).toEqual({ a: 511, b: '0777', c: 'yes', d: '12:30', e: 1000, f: 'on' });
  });

  it('renders generators, components and patches', async () => {
    const checkout = await makeCheckout({
      ...base,
      'kustomization.yaml':
        'resources: [base]\ncomponents: [parts/x]\nconfigMapGenerator:\n- name: made\n  files: [key=file.txt]\n  options: {disableNameSuffixHash: true}\npatches: [{path: p.yaml}]\n',
      'file.txt': 'https://not.a.path\n',
      'p.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {p: q}\n',
      'parts/x/kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nlabels: [{pairs: {l: m}}]\n',
    });
    const { manifests } = await renderIn(checkout);
    expect(manifests.map(({ object }) => object)).toEqual([
      expect.objectContaining({ metadata: { name: 'a', labels: { l: 'm' } }, data: { a: 'b', p: 'q' } }),
      expect.objectContaining({ data: { key: 'https://not.a.path\n' } }),
    ]);
  });
});

describe('a kustomization that reaches out', () => {
  it.each([
    [
      'a directory beyond the checkout',
      'resources: [../outside]\n',
      'its entry "../outside" cannot be used: the path leaves the checkout',
    ],
    ['an absolute path', 'resources: [/etc]\n', 'its entry "/etc" cannot be used: the path leaves the checkout'],
    [
      'a base of the old form',
      'bases: [../../x]\n',
      'its entry "../../x" cannot be used: the path leaves the checkout',
    ],
    ['a component', 'components: [../x]\n', 'its entry "../x" cannot be used: the path leaves the checkout'],
    [
      'a URL',
      'resources: ["https://user:pw@example.com/a.yaml"]\n',
      'its entry "https://example.com/a.yaml" is remote',
    ],
    ['a repository', 'resources: [github.com/a/b//c?ref=main]\n', 'its entry "github.com/a/b//c?ref=main" is remote'],
    [
      'a repository by ssh',
      'resources: ["git@example.com:a/b.git"]\n',
      'its entry "git@example.com:a/b.git" is remote',
    ],
    [
      'a URL of a generator',
      'configMapGenerator: [{name: x, files: ["k=http://127.0.0.1:1/x"]}]\n',
      'its entry "k=http://127.0.0.1:1/x" is remote',
    ],
    [
      'a URL of an env file',
      'secretGenerator: [{name: x, envs: ["HTTP://127.0.0.1:1/x"]}]\n',
      'its entry "HTTP://127.0.0.1:1/x" is remote',
    ],
    ['a URL of a patch', 'patches: [{path: "http://127.0.0.1:1/x"}]\n', 'its entry "http://127.0.0.1:1/x" is remote'],
    [
      'a URL of an old patch',
      'patchesStrategicMerge: ["http://127.0.0.1:1/x"]\n',
      'its entry "http://127.0.0.1:1/x" is remote',
    ],
    ['a URL of a CRD', 'crds: ["http://127.0.0.1:1/x"]\n', 'its entry "http://127.0.0.1:1/x" is remote'],
    ['a URL of a schema', 'openapi: {path: "http://127.0.0.1:1/x"}\n', 'its entry "http://127.0.0.1:1/x" is remote'],
    [
      'a URL of a replacement',
      'replacements: [{path: "http://127.0.0.1:1/x"}]\n',
      'its entry "http://127.0.0.1:1/x" is remote',
    ],
    [
      'a URL of an inline plugin',
      'generators: ["apiVersion: builtin\\nkind: ConfigMapGenerator\\nmetadata: {name: x}\\nfiles: [\\"http://127.0.0.1:1/x\\"]\\n"]\n',
      'its entry "http://127.0.0.1:1/x" is remote',
    ],
    ['a field in capitals', 'RESOURCES: ["http://127.0.0.1:1/x"]\n', 'its entry "http://127.0.0.1:1/x" is remote'],
    ['what is not there', 'resources: [no.yaml]\n', 'its entry "no.yaml" cannot be used: it is not in the checkout'],
  ])('by %s is refused', async (_name, kustomization, state) => {
    const checkout = await makeCheckout({ ...base, 'kustomization.yaml': kustomization });
    expect(await failureOf(renderIn(checkout))).toMatchObject({
      fault: 'user',
      message: `Cannot build "kustomization.yaml": ${state}`,
    });
  });

  it('is refused in a base of a base, and in the file of a plugin', async () => {
    const checkout = await makeCheckout({
      'a/kustomization.yaml': 'resources: [../b]\n',
      'b/kustomization.yaml': 'resources: [../../c]\n',
      'd/kustomization.yaml': 'transformers: [t.yaml]\n',
      'e/kustomization.yaml': 'generators: [plugins]\n',
      'e/plugins/kustomization.yaml': 'resources: [g.yaml]\n',
      'e/plugins/g.yaml':
        'apiVersion: builtin\nkind: ConfigMapGenerator\nmetadata: {name: g}\nfiles: ["http://127.0.0.1:1/x"]\n',
      'd/t.yaml': 'apiVersion: builtin\nkind: PatchTransformer\nmetadata: {name: t}\npath: http://127.0.0.1:1/x\n',
    });
    expect((await failureOf(renderIn(checkout, { paths: ['a'] }))).message).toBe(
      'Cannot build "b/kustomization.yaml": its entry "../../c" cannot be used: the path leaves the checkout',
    );
    expect((await failureOf(renderIn(checkout, { paths: ['d'] }))).message).toBe(
      'Cannot build "d/t.yaml": its entry "http://127.0.0.1:1/x" is remote',
    );
    expect((await failureOf(renderIn(checkout, { paths: ['e'] }))).message).toBe(
      'Cannot build "e/plugins/g.yaml": its entry "http://127.0.0.1:1/x" is remote',
    );
  });

  it('is refused for a linked directory and a linked file', async () => {
    const outside = await makeDirectory();
    await writeFile(join(outside, 'kustomization.yaml'), 'configMapGenerator: [{name: x}]\n');
    const checkout = await makeCheckout({
      'a/kustomization.yaml': 'resources: [out]\n',
      'b/kustomization.yaml': 'configMapGenerator: [{name: x, files: [leak.txt]}]\n',
    });
    await symlink(outside, join(checkout, 'a/out'));
    await symlink('/etc/hostname', join(checkout, 'b/leak.txt'));
    expect((await failureOf(renderIn(checkout, { paths: ['a'] }))).message).toBe(
      'Cannot build "a/kustomization.yaml": its entry "out" cannot be used: a symbolic link leads out of the checkout',
    );
    const { message } = await failureOf(renderIn(checkout, { paths: ['b'] }));
    expect(message).toMatch(/^Cannot build "b" with kustomize: .*security; file 'b\/leak.txt' is not in or below 'b'$/);
  });

  it('may be allowed', async () => {
    const server = createServer((_request, response) => response.end(configMap('far')));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const checkout = await makeCheckout({ 'kustomization.yaml': `resources: ["http://127.0.0.1:${port}/a.yaml"]\n` });
      expect((await failureOf(renderIn(checkout))).help).toContain('allowRemoteBases: true');
      expect(listOf(await renderIn(checkout, { allowRemoteBases: true }))).toEqual([
        'kustomize build .: ConfigMap/far',
      ]);
    } finally {
      server.close();
    }
  });
});

describe('what kustomize refuses is told in one line', () => {
  it.each([
    [
      'an unknown field',
      { 'kustomization.yaml': 'resource: [a.yaml]\n' },
      'invalid Kustomization: json: unknown field "resource"',
    ],
    [
      'bad YAML',
      { 'kustomization.yaml': 'resources: [a.yaml]\n', 'a.yaml': 'a: b: c\n' },
      "accumulating resources from 'a.yaml': MalformedYAMLError: yaml: mapping values are not allowed in this context in File: a.yaml",
    ],
    [
      'no object',
      { 'kustomization.yaml': 'resources: [a.yaml]\n', 'a.yaml': 'a: b\n' },
      "accumulating resources from 'a.yaml': missing Resource metadata",
    ],
    [
      'a base without kustomization',
      { 'kustomization.yaml': 'bases: [base]\n', 'base/keep': '' },
      "couldn't make target for path 'base': unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory 'base'",
    ],
    [
      'charts',
      { 'kustomization.yaml': 'helmCharts: [{name: x}]\n' },
      'trouble configuring builtin HelmChartInflationGenerator: must specify --enable-helm',
    ],
    ['an empty kustomization', { 'kustomization.yaml': '' }, 'kustomization.yaml is empty'],
  ])('%s', async (_name, files, state) => {
    expect(await failureOf(renderIn(await makeCheckout(files)))).toMatchObject({
      fault: 'user',
      message: `Cannot build "." with kustomize: ${state}`,
    });
  });

  it('bases in a circle', async () => {
    const checkout = await makeCheckout({
      'a/kustomization.yaml': 'resources: [../b]\n',
      'b/kustomization.yaml': 'resources: [../a]\n',
    });
    expect((await failureOf(renderIn(checkout, { paths: ['a'] }))).message).toMatch(
      /^Cannot build "a" with kustomize: .*cycle/,
    );
  });

  it('gives the git that clones remote bases what a bundled one needs', async () => {
    const [bin, scratch] = [await makeDirectory(), await makeDirectory()];
    const told = join(bin, 'told');
    await writeFile(join(bin, 'git'), `#!/bin/sh\necho "$GIT_EXEC_PATH" >> ${told}\nexit 1\n`, { mode: 0o755 });
    const render = createRender({
      tools,
      scratch,
      searchPath: `${bin}:/usr/bin:/bin`,
      gitEnvironment: { GIT_EXEC_PATH: '/opt/git/libexec' },
    });
    const directory = await makeCheckout({
      'kustomization.yaml': 'resources: ["https://127.0.0.1:1/acme/shop.git//a?ref=main"]\n',
    });
    await failureOf(render({ directory, target: targetWith({ allowRemoteBases: true }) }));
    expect(new Set((await readFile(told, 'utf8')).trim().split('\n'))).toEqual(new Set(['/opt/git/libexec']));
  });
});
