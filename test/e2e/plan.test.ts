import { expect, it } from 'vitest';
import { describeCluster } from '../parts/api-server.ts';
import { sluiceIn } from './command.ts';
import { configMap, openStage } from './stage.ts';

describeCluster('sluice plan', (kubeconfig) => {
  it('of one of two paths announces no deletion of what the other holds', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve({ source: { url: stage.repository.url, paths: ['a', 'b'] } });
    const { run } = await serve.push({ 'a/tea.yaml': configMap('tea'), 'b/milk.yaml': configMap('milk') });
    await serve.ended(run);
    const { work } = stage.repository;
    const flags = ['--kubeconfig', kubeconfig, '--namespace', stage.namespace];
    const part = await sluiceIn(work, ['plan', ...flags, '--path', 'a']);
    expect(part.out).toBe(`${stage.namespace}:configmap/milk skipped
  not judged: target "shop" has the paths a, b, and this is a plan of a alone

1 skipped, 1 unchanged
`);
    expect([part.code, part.err]).toEqual([0, '']);

    const whole = await sluiceIn(serve.directory, ['plan', 'shop', '--path', work]);
    expect([whole.code, whole.out]).toEqual([0, 'No changes, 2 unchanged\n']);
  });

  it('where the target’s paths are not says to name a work tree', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve({ source: { url: stage.repository.url, paths: ['a'] } });
    expect(await sluiceIn(serve.directory, ['plan', 'shop'])).toEqual({
      code: 2,
      out: '',
      err: `sluice: Cannot read "a": it is not in the checkout
  Name a work tree of the target's repository with --path; the working directory was looked into
`,
    });
  });

  it.each([
    ['named by --kubeconfig', ['--kubeconfig', 'nope'], {}, 'nope'],
    ['of KUBECONFIG', [], { KUBECONFIG: '/nowhere/nope' }, '/nowhere/nope'],
  ])('with a kubeconfig %s that is not there names it', async (_, flags, environment, file) => {
    await using stage = await openStage(kubeconfig);
    expect(await sluiceIn(stage.directory, ['plan', ...flags], environment)).toEqual({
      code: 2,
      out: '',
      err: `sluice: Cannot read the kubeconfig "${file}": there is no such file
  Name one with --kubeconfig, or set KUBECONFIG
`,
    });
  });
});

describeCluster('sluice validate --rbac', (kubeconfig) => {
  it('prints what kubectl can apply, and how it is bound; as JSON the roles alone', async () => {
    await using stage = await openStage(kubeconfig);
    await using serve = await stage.serve();
    await stage.repository.commit({ 'tea.yaml': configMap('tea') });
    const { code, out, err } = await sluiceIn(serve.directory, ['validate', '--rbac', 'shop']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^apiVersion: rbac\.authorization\.k8s\.io\/v1\nkind: Role\n/);
    expect(out).toContain(`# They count once they are bound to the account:
#   kubectl create rolebinding sluice-shop-inventory --namespace=${stage.namespace} --role=sluice-shop-inventory --serviceaccount=NAMESPACE:NAME
#   kubectl create clusterrolebinding sluice-shop --clusterrole=sluice-shop --serviceaccount=NAMESPACE:NAME
`);
    const json = await sluiceIn(serve.directory, [
      'validate',
      '--rbac',
      'shop',
      '-o',
      'json',
      '--kubeconfig',
      kubeconfig,
    ]);
    const { kind, items } = JSON.parse(json.out);
    expect([kind, items.map((item: { kind: string }) => item.kind)]).toEqual(['List', ['Role', 'ClusterRole']]);
  });
});
