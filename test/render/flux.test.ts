import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { describeShared } from '../shared.ts';
import { configMap, failureOf, listOf, makeCheckout, makeDirectory, renderIn } from './checkout.ts';

function fluxYaml(...commands: readonly string[]): string {
  return JSON.stringify({
    version: 1,
    commandUpdated: { generators: commands.map((command) => ({ command, timeout: '10s' })) },
  });
}

function patched(patchFile: string, ...commands: readonly string[]): string {
  return JSON.stringify({
    version: 1,
    patchUpdated: { generators: commands.map((command) => ({ command })), patchFile },
  });
}

describeShared('the corpus', (directory) => {
  const example = join(directory, 'corpus/flux-kustomize-example');

  it.each([
    ['staging', 1, 'stefanprodan/podinfo:1.4.4', { 'flux.weave.works/automated': 'true' }],
    ['production', 2, 'stefanprodan/podinfo:1.3.2', { 'flux.weave.works/locked': 'true' }],
  ])('flux-kustomize-example renders %s with its patch', async (path, replicas, image, annotations) => {
    const { manifests, warnings } = await renderIn(example, { paths: [path] });
    expect(warnings).toEqual([]);
    expect(listOf({ manifests, warnings })).toEqual([
      `kustomize build ${path}: Namespace/demo`,
      `kustomize build ${path}: Service/podinfo`,
      `kustomize build ${path}: Deployment/podinfo`,
      `kustomize build ${path}: HorizontalPodAutoscaler/podinfo`,
    ]);
    expect(manifests[3]?.object).toMatchObject({ spec: { minReplicas: replicas } });
    expect(manifests[2]?.object).toMatchObject({
      metadata: { annotations },
      spec: { template: { spec: { containers: [{ name: 'podinfod', image, imagePullPolicy: 'IfNotPresent' }] } } },
    });
    expect(JSON.stringify(manifests)).not.toContain('$setElementOrder');
  });
});

describe('renderFlux', () => {
  it('runs the generators of the nearest .flux.yaml in the directory of the path, and joins what they print', async () => {
    const checkout = await makeCheckout({
      '.flux.yaml': fluxYaml('cat nothing.yaml'),
      'envs/.flux.yaml': fluxYaml('kustomize build .', 'cat ../common.yaml extra.yaml', 'kubectl kustomize ../base'),
      'envs/prod/kustomization.yaml': 'resources: [a.yaml]\n',
      'envs/prod/a.yaml': configMap('a'),
      'envs/prod/extra.yaml': configMap('extra'),
      'envs/common.yaml': configMap('common'),
      'envs/base/kustomization.yaml': 'resources: [b.yaml]\n',
      'envs/base/b.yaml': configMap('b'),
    });
    expect(listOf(await renderIn(checkout, { paths: ['envs/prod/'] }))).toEqual([
      'kustomize build envs/prod: ConfigMap/a',
      'envs/common.yaml: ConfigMap/common',
      'envs/prod/extra.yaml: ConfigMap/extra',
      'kustomize build envs/base: ConfigMap/b',
    ]);
  });

  it('takes a path that names the .flux.yaml itself', async () => {
    const checkout = await makeCheckout({ 'a/.flux.yaml': fluxYaml('cat x.yaml'), 'a/x.yaml': configMap('x') });
    expect(listOf(await renderIn(checkout, { paths: ['a/.flux.yaml'] }))).toEqual(['a/x.yaml: ConfigMap/x']);
  });

  it('templates a chart with the values, name and namespace of the command', async () => {
    const checkout = await makeCheckout({
      '.flux.yaml': fluxYaml('helm template rel ./chart -f values/prod.yaml --set x=1 -n shop'),
      'chart/Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
      'chart/templates/a.yaml':
        'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}", namespace: "{{ .Release.Namespace }}"}\ndata: {x: "{{ .Values.x }}", z: "{{ .Values.z }}"}\n',
      'values/prod.yaml': 'x: 0\nz: prod\n',
    });
    const { manifests } = await renderIn(checkout);
    expect(manifests).toEqual([
      {
        object: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'rel', namespace: 'shop' },
          data: { x: '1', z: 'prod' },
        },
        file: 'chart/templates/a.yaml',
      },
    ]);
  });

  it('reads plain files under scanForFiles', async () => {
    const checkout = await makeCheckout({
      '.flux.yaml': fluxYaml('false'),
      'raw/.flux.yaml': 'version: 1\nscanForFiles: {}\n',
      'raw/a.yaml': configMap('a'),
    });
    expect(listOf(await renderIn(checkout, { paths: ['raw'] }))).toEqual(['raw/a.yaml: ConfigMap/a']);
  });

  it('needs a .flux.yaml if the target says so', async () => {
    const checkout = await makeCheckout({ 'a/x.yaml': configMap('x') });
    expect(await failureOf(renderIn(checkout, { paths: ['a'], renderer: 'flux' }))).toMatchObject({
      fault: 'user',
      message: 'Cannot render "a": there is no .flux.yaml in it or above it in the repository',
    });
  });

  it.each([
    ['cat ../../secret.yaml', 'Cannot read "../secret.yaml": the path leaves the checkout'],
    ['cat /etc/passwd', 'Cannot read "/etc/passwd": the path leaves the checkout'],
    ['cat no.yaml', 'Cannot read "a/no.yaml": it is not in the checkout'],
    ['cat ../a', 'Cannot read "a": it is not a file'],
    ['kustomize build ../..', 'Cannot read "..": the path leaves the checkout'],
    ['kustomize build https://github.com/a/b', 'Cannot read "a/https:/github.com/a/b": it is not in the checkout'],
    ['helm template ../../chart', 'Cannot read "../chart": the path leaves the checkout'],
    ['helm template chart -f /etc/passwd', 'Cannot read "/etc/passwd": the path leaves the checkout'],
  ])('keeps %s within the checkout', async (command, message) => {
    const checkout = await makeCheckout({ 'a/.flux.yaml': fluxYaml(command) });
    expect(await failureOf(renderIn(checkout, { paths: ['a'], allowCommands: true }))).toMatchObject({
      fault: 'user',
      message,
    });
  });
});

describe('commands that need a shell', () => {
  it('are refused unless the target allows them, with the name of the setting', async () => {
    const checkout = await makeCheckout({ '.flux.yaml': fluxYaml('kustomize build . | cat') });
    expect(await failureOf(renderIn(checkout))).toMatchObject({
      fault: 'user',
      message: 'Cannot run the generator "kustomize build . | cat" of ".": the target does not allow commands',
      help: expect.stringContaining('allowCommands: true'),
    });
  });

  it('run in the directory of the path, find kustomize, and see nothing of our environment', async () => {
    const out = await makeDirectory();
    const checkout = await makeCheckout({
      'a/.flux.yaml': fluxYaml(`env > ${out}/env; pwd > ${out}/pwd; kustomize build ./x | sed s/one/two/`),
      'a/x/kustomization.yaml': 'resources: [y.yaml]\n',
      'a/x/y.yaml': configMap('one'),
    });
    expect(listOf(await renderIn(checkout, { paths: ['a'], allowCommands: true }))[0]).toMatch(
      /^a: env > .*: ConfigMap\/two$/,
    );
    expect(await readFile(join(out, 'pwd'), 'utf8')).toBe(`${checkout}/a\n`);
    const names = (await readFile(join(out, 'env'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0]);
    expect(
      names.filter((name) => !['PATH', 'HOME', 'TMPDIR', 'PWD', 'OLDPWD', 'SHLVL', '_'].includes(name ?? '')),
    ).toEqual([]);
  });

  it('that take too long are killed with all that they started', async () => {
    const out = await makeDirectory();
    const command = `(sleep 2; touch ${out}/late) & sleep 30`;
    const checkout = await makeCheckout({
      '.flux.yaml': JSON.stringify({ version: 1, commandUpdated: { generators: [{ command, timeout: '1s' }] } }),
    });
    const started = performance.now();
    expect(await failureOf(renderIn(checkout, { allowCommands: true }))).toMatchObject({
      fault: 'user',
      message: `Cannot run the generator "${command}" of ".": no end after 1 s`,
    });
    expect(performance.now() - started).toBeLessThan(1900);
    await sleep(2000);
    expect(existsSync(join(out, 'late'))).toBe(false);
  });

  it('have no more time than the target, and stop with the run', async () => {
    const checkout = await makeCheckout({ '.flux.yaml': fluxYaml('sleep 30; true') });
    expect((await failureOf(renderIn(checkout, { allowCommands: true, timeout: 1 }))).message).toMatch(
      /no end after 1 s$/,
    );
    const stopped = renderIn(checkout, { allowCommands: true }, AbortSignal.timeout(300));
    expect(await failureOf(stopped)).toMatchObject({ fault: 'server', code: 'Aborted' });
  });

  it('that fail are named with the last line of what they say', async () => {
    const checkout = await makeCheckout({ '.flux.yaml': fluxYaml('echo one >&2; echo two >&2; exit 3') });
    expect(await failureOf(renderIn(checkout, { allowCommands: true }))).toMatchObject({
      fault: 'user',
      message: 'Cannot run the generator "echo one >&2; echo two >&2; exit 3" of ".": exit code 3: two',
    });
  });
});

describe('a patch file', () => {
  const files = { 'a.yaml': configMap('a'), '.flux.yaml': patched('patches/flux-patch.yaml', 'cat a.yaml') };

  it('that is not there yet patches nothing', async () => {
    expect(listOf(await renderIn(await makeCheckout(files)))).toEqual(['a.yaml: ConfigMap/a']);
  });

  it('with a patch of what is not generated is refused', async () => {
    const checkout = await makeCheckout({ ...files, 'patches/flux-patch.yaml': configMap('b') });
    expect(await failureOf(renderIn(checkout))).toMatchObject({
      fault: 'user',
      message:
        'Cannot apply the patch of "<cluster>:configmap/b" in "patches/flux-patch.yaml": the generators make no such object',
    });
  });

  it('that Kubernetes would refuse is refused', async () => {
    const checkout = await makeCheckout({
      '.flux.yaml': patched('p.yaml', 'cat a.yaml'),
      'a.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a}]}\n',
      'p.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{image: a}]}\n',
    });
    expect(await failureOf(renderIn(checkout))).toMatchObject({
      fault: 'user',
      message: 'Cannot apply the patch of "<cluster>:pod/a" in "p.yaml": an item of containers has no name',
    });
  });

  it('outside of the checkout is refused', async () => {
    const checkout = await makeCheckout({ ...files, '.flux.yaml': patched('../p.yaml', 'cat a.yaml') });
    expect((await failureOf(renderIn(checkout))).message).toBe('Cannot read "../p.yaml": the path leaves the checkout');
  });
});
