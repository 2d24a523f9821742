import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createRender } from '../../lib/render/render.ts';
import { run } from '../parts/run.ts';
import { targetOf } from './bench-target.ts';
import { configMap, deployment, type Files } from './manifests.ts';
import type { Measurement, Row } from './row.ts';
import type { Stage } from './stage.ts';

const rounds = 15;

/** What a render of ours takes beside the binary that does its work: guards, and reading what it prints as Kubernetes does. */
export const render: Row = {
  about:
    'a kustomization of 201 resources and a chart of 160, beside kubectl and helm alone; the goal is less than 15 % more',
  async run(stage) {
    const { kubectl, helm } = stage.tools;
    const kustomization = await write(stage, kustomizationOf(201));
    const chart = await write(stage, chartOf(160));
    return [
      await measure(stage, 'kustomization of 201 resources', kustomization, 'kubectl kustomize', () =>
        run(kubectl, ['kustomize', kustomization]),
      ),
      await measure(stage, 'chart of 160 resources', chart, 'helm template', () =>
        run(helm, ['template', 'shop', chart]),
      ),
    ];
  },
};

async function measure(
  stage: Stage,
  what: string,
  directory: string,
  name: string,
  alone: () => Promise<unknown>,
): Promise<Measurement> {
  const renderDirectory = createRender({
    tools: async () => stage.tools,
    scratch: await mkdtemp(join(stage.directory, 'render-')),
  });
  const url = 'https://git.example/shop.git';
  const target = { ...targetOf({ name: 'shop', url, namespace: 'shop', path: '.' }, 'none'), namespace: 'shop' };
  const ours: number[] = [];
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await timed(() => renderDirectory({ directory, target })));
    times.push(await timed(alone));
  }
  return { what, link: 'none', ours, peer: { name, times }, goal: 0.87 };
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await action();
  return performance.now() - begin;
}

async function write(stage: Stage, files: Files): Promise<string> {
  const directory = await mkdtemp(join(stage.directory, 'source-'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), text);
  }
  return directory;
}

/** Half of them Deployments, with a prefix, a label and an image that are set for all. */
function kustomizationOf(count: number): Files {
  const files = resourcesOf(count, '');
  const resources = Object.keys(files).map((path) => `  - ${path}\n`);
  const kustomization = `namePrefix: live-
labels:
  - pairs: {team: shop}
images:
  - name: registry.example/shop/web
    newTag: "2.0"
resources:
${resources.join('')}`;
  return { ...files, 'kustomization.yaml': kustomization };
}

function chartOf(count: number): Files {
  return {
    'Chart.yaml': 'apiVersion: v2\nname: shop\nversion: 1.0.0\n',
    'values.yaml': 'replicas: 2\n',
    ...resourcesOf(count, 'templates/'),
  };
}

function resourcesOf(count: number, folder: string): Files {
  const files: Record<string, string> = {};
  for (let index = 0; index < count; index++) {
    const text = index % 2 === 0 ? configMap(index) : deployment(index);
    files[`${folder}resource-${index}.yaml`] = text;
  }
  return files;
}
