import { podSpecPath } from './built-in.ts';
import { at, type Draft } from './draft.ts';
import type { KubeObject } from './kube-object.ts';

/** The way to a quantity; as the last step `*` is every value of a map. */
type Path = readonly string[];

function resourcesAt(...path: string[]): readonly Path[] {
  return ['requests', 'limits'].map((field) => [...path, field, '*']);
}

/** Of a metric as autoscaling/v2 has it, and v2beta2 and v2beta1 before. */
const metricPaths: readonly Path[] = [
  ...['resource', 'containerResource', 'pods', 'object', 'external'].flatMap((source) =>
    ['value', 'averageValue'].map((field) => [source, 'target', field]),
  ),
  ...['resource', 'containerResource', 'pods', 'external'].map((source) => [source, 'targetAverageValue']),
  ...['object', 'external'].map((source) => [source, 'targetValue']),
  ['object', 'averageValue'],
];

/** Where quantities are outside of pod specs, by kind. */
const kindPaths: Readonly<Record<string, readonly Path[]>> = {
  CSIStorageCapacity: [['capacity'], ['maximumVolumeSize']],
  HorizontalPodAutoscaler: metricPaths.map((path) => ['spec', 'metrics', '*', ...path]),
  LimitRange: ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'].map((field) => [
    ...['spec', 'limits', '*', field, '*'],
  ]),
  PersistentVolume: [['spec', 'capacity', '*']],
  PersistentVolumeClaim: resourcesAt('spec', 'resources'),
  ResourceQuota: [['spec', 'hard', '*']],
  RuntimeClass: [['overhead', 'podFixed', '*']],
  StatefulSet: resourcesAt('spec', 'volumeClaimTemplates', '*', 'spec', 'resources'),
};

const divisor = ['resourceFieldRef', 'divisor'];
const podSpecPaths: readonly Path[] = [
  ...['containers', 'initContainers', 'ephemeralContainers'].flatMap((list) => [
    ...resourcesAt(list, '*', 'resources'),
    [list, '*', 'env', '*', 'valueFrom', ...divisor],
  ]),
  ...resourcesAt('resources'),
  ['overhead', '*'],
  ['volumes', '*', 'emptyDir', 'sizeLimit'],
  ['volumes', '*', 'downwardAPI', 'items', '*', ...divisor],
  ['volumes', '*', 'projected', 'sources', '*', 'downwardAPI', 'items', '*', ...divisor],
  ...resourcesAt('volumes', '*', 'ephemeral', 'volumeClaimTemplate', 'spec', 'resources'),
];

/**
 * Writes the quantities of an object of a built-in kind that are numbers as text: so the API server stores them, `cpu: 1` would differ
 * from what it gives back; and the schemas of server-side apply take no number (APPLY §1).
 */
export function writeQuantities(object: Draft): void {
  const podSpec = podSpecPath(object as unknown as KubeObject);
  const inPods = podSpec === undefined ? [] : podSpecPaths.map((path) => [...podSpec, ...path]);
  for (const path of [...(kindPaths[String(object.kind)] ?? []), ...inPods]) {
    const last = path.at(-1) ?? '';
    for (const parent of at(object, path.slice(0, -1))) {
      for (const field of last === '*' ? Object.keys(parent) : [last]) {
        const value = parent[field];
        if (typeof value === 'number') parent[field] = String(value);
      }
    }
  }
}
