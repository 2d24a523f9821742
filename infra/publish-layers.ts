import { resolve } from 'node:path';
import type { Layer } from './layers/list-layers.ts';
import { runOsls } from './run-osls.ts';
import { stackFailure } from './stack-failure.ts';
import type { Stacks } from './stacks.ts';
import type { StageOptions } from './stage-options.ts';

/** Publishes the layers of a stage if their digests are new; gives the parameters of serverless.yml that name them. */
export async function publishLayers(
  folder: string,
  options: StageOptions,
  layers: readonly Layer[],
  stacks: Stacks,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const stack = layerStackOf(options.stage);
  const found = await stacks.outputs(stack);
  const outputOf = { kubectl: 'KubectlDigest', git: 'GitDigest' } as const;
  if (layers.some(({ name, sha256 }) => found?.[outputOf[name]] !== sha256)) {
    say('Publishing the layers, which are new');
    const since = new Date();
    const params = layers.flatMap(({ name, zip, sha256 }) => [`${name}Zip=${resolve(zip)}`, `${name}Digest=${sha256}`]);
    const { isDone, output } = await runOsls(folder, 'deploy', 'serverless.layers.yml', { ...options, params });
    if (!isDone) throw await stackFailure('deploy', stack, { since, output, stacks });
  }
  const outputs = await stacks.outputs(stack);
  return [`kubectlLayer=${outputs?.KubectlLambdaLayerQualifiedArn}`, `gitLayer=${outputs?.GitLambdaLayerQualifiedArn}`];
}

export function layerStackOf(stage: string): string {
  return `sluice-layers-${stage}`;
}
