import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { healthOf } from '../../../lib/domain/health/health.ts';
import type { Health } from '../../../lib/domain/health/health-status.ts';
import { describeCluster, rawApi, useNamespace } from '../../parts/api-server.ts';

/** healthOf over what the real controllers write. Nothing runs pods here: they are called ready by hand. */
describeCluster('healthOf what real controllers write', (kubeconfig) => {
  const api = rawApi(kubeconfig);
  const namespace = useNamespace(kubeconfig);
  const core = `/api/v1/namespaces/${namespace}`;
  const apps = `/apis/apps/v1/namespaces/${namespace}`;

  const podsOf = (app: string) => ({
    metadata: { labels: { app } },
    spec: { containers: [{ name: 'web', image: 'nginx:1.27' }] },
  });

  async function create(
    path: string,
    apiVersion: string,
    kind: string,
    name: string,
    spec: unknown,
  ): Promise<Health | undefined> {
    const { status, body } = await api('POST', path, { apiVersion, kind, metadata: { name }, spec });
    expect(status, JSON.stringify(body)).toBe(201);
    return healthOf(body);
  }

  /** Looks until the health has `status`; the last one that was seen. */
  async function healthUntil(path: string, status: Health['status']): Promise<Health | undefined> {
    const end = Date.now() + 30_000;
    for (;;) {
      const health = healthOf((await api('GET', path)).body);
      if (health?.status === status || Date.now() > end) return health;
      await sleep(100);
    }
  }

  async function markPodsReady(selector: string): Promise<void> {
    const { body } = await api('GET', `${core}/pods?labelSelector=${selector}`);
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: new Date().toISOString() }];
    for (const pod of body.items) {
      const patch = { status: { phase: 'Running', conditions } };
      const headers = { 'content-type': 'application/merge-patch+json' };
      await api('PATCH', `${core}/pods/${pod.metadata.name}/status`, patch, headers);
    }
  }

  const seconds = { timeout: 60_000 };
  const countPods = async (selector: string) =>
    (await api('GET', `${core}/pods?labelSelector=${selector}`)).body.items.length;

  it('a Deployment is InProgress when it was created, and Current once its pods are ready', async () => {
    const spec = { replicas: 2, selector: { matchLabels: { app: 'shop' } }, template: podsOf('shop') };
    const created = await create(`${apps}/deployments`, 'apps/v1', 'Deployment', 'shop', spec);
    expect(created?.status).toBe('InProgress');
    await expect.poll(() => countPods('app=shop'), seconds).toBe(2);
    const pending = healthOf((await api('GET', `${apps}/deployments/shop`)).body);
    expect(pending?.status).toBe('InProgress');
    await markPodsReady('app=shop');
    expect(await healthUntil(`${apps}/deployments/shop`, 'Current')).toEqual({
      status: 'Current',
      message: 'Available: 2',
    });
  });

  it('a Deployment is Failed when its pods are not ready by its deadline', async () => {
    const spec = { progressDeadlineSeconds: 1, selector: { matchLabels: { app: 'late' } }, template: podsOf('late') };
    await create(`${apps}/deployments`, 'apps/v1', 'Deployment', 'late', spec);
    const health = await healthUntil(`${apps}/deployments/late`, 'Failed');
    expect(health).toEqual({
      status: 'Failed',
      message: expect.stringContaining('Progress deadline exceeded: ReplicaSet "late-'),
    });
  });

  it('a Deployment that a quota keeps from making pods says so', async () => {
    await create(`${core}/resourcequotas`, 'v1', 'ResourceQuota', 'small', { hard: { pods: '2' } });
    const spec = { replicas: 1, selector: { matchLabels: { app: 'big' } }, template: podsOf('big') };
    await create(`${apps}/deployments`, 'apps/v1', 'Deployment', 'big', spec);
    const message = async () => healthOf((await api('GET', `${apps}/deployments/big`)).body)?.message;
    await expect.poll(message, seconds).toContain('exceeded quota');
    await api('DELETE', `${core}/resourcequotas/small`);
  });

  it('a StatefulSet is InProgress when it was created, and Current once its pods are ready', async () => {
    const spec = { serviceName: 'db', selector: { matchLabels: { app: 'db' } }, template: podsOf('db') };
    const created = await create(`${apps}/statefulsets`, 'apps/v1', 'StatefulSet', 'db', spec);
    expect(created).toEqual({ status: 'InProgress', message: 'No controller has seen it' });
    await expect.poll(() => countPods('app=db'), seconds).toBe(1);
    await markPodsReady('app=db');
    expect(await healthUntil(`${apps}/statefulsets/db`, 'Current')).toEqual({ status: 'Current', message: 'Ready: 1' });
  });

  it('a DaemonSet for which there is no node is Current', async () => {
    const spec = { selector: { matchLabels: { app: 'log' } }, template: podsOf('log') };
    await create(`${apps}/daemonsets`, 'apps/v1', 'DaemonSet', 'log', spec);
    expect(await healthUntil(`${apps}/daemonsets/log`, 'Current')).toEqual({
      status: 'Current',
      message: 'Available: 0',
    });
  });

  it('a Job is InProgress while it runs and Failed past its deadline', async () => {
    const jobs = `/apis/batch/v1/namespaces/${namespace}/jobs`;
    const template = { spec: { ...podsOf('once').spec, restartPolicy: 'Never' } };
    await create(jobs, 'batch/v1', 'Job', 'once', { template });
    const started = async () => healthOf((await api('GET', `${jobs}/once`)).body);
    await expect.poll(started, seconds).toEqual({
      status: 'InProgress',
      message: 'Running: 1 active, 0 succeeded, 0 failed',
    });
    await create(jobs, 'batch/v1', 'Job', 'slow', { activeDeadlineSeconds: 1, template });
    const health = await healthUntil(`${jobs}/slow`, 'Failed');
    expect(health).toEqual({ status: 'Failed', message: expect.stringContaining('DeadlineExceeded: ') });
  });

  it('an autoscaler is Failed without its target and Current without metrics, in every version', async () => {
    const scalers = (version: string) =>
      `/apis/autoscaling/${version}/namespaces/${namespace}/horizontalpodautoscalers`;
    for (const [name, target] of [
      ['lost', 'nothing'],
      ['blind', 'shop'],
    ]) {
      const spec = { maxReplicas: 2, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: target } };
      const created = await create(scalers('v1'), 'autoscaling/v1', 'HorizontalPodAutoscaler', String(name), spec);
      expect(created?.status).toBe('InProgress');
    }
    for (const version of ['v1', 'v2beta2']) {
      const lost = await healthUntil(`${scalers(version)}/lost`, 'Failed');
      expect(lost).toEqual({ status: 'Failed', message: expect.stringContaining('FailedGetScale: ') });
      const blind = await healthUntil(`${scalers(version)}/blind`, 'Current');
      expect(blind).toEqual({ status: 'Current', message: expect.stringContaining('metric') });
    }
  });
});
