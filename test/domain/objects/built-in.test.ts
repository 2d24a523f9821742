import { expect, it } from 'vitest';
import { podSpecPath } from '../../../lib/domain/objects/built-in.ts';

it.each([
  ['v1', 'Pod', ['spec']],
  ['batch/v1', 'CronJob', ['spec', 'jobTemplate', 'spec', 'template', 'spec']],
  ['v1', 'ConfigMap', undefined],
  ['batch.volcano.sh/v1alpha1', 'Job', undefined],
])('the pod spec of %s %s is at %j', (apiVersion, kind, path) => {
  expect(podSpecPath({ apiVersion, kind })).toEqual(path);
});
