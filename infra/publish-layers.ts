import { resolve } from 'node:path';
import type { LayerZips } from './layer-zips.ts';
import { runOsls } from './run-osls.ts';
import { stackFailure } from './stack-failure.ts';
import type { Stacks } from './stacks.ts';
import type { StageOptions } from './stage-options.ts';

/** Publishes the layers of a stage if their digests are new; gives the parameters of serverless.yml that name them. */
export async function publishLayers(
  folder: string,
  options: StageOptions,
  { directory, digests }: LayerZips,
  stacks: Stacks,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const stack = layerStackOf(options.stage);
  const found = await stacks.outputs(stack);
  if (found?.KubectlDigest !== digests.kubectl || found.GitDigest !== digests.git) {
    say('Publishing the layers, which are new');
    const since = new Date();
    const params = [`directory=${resolve(directory)}`, `kubectlDigest=${digests.kubectl}`, `gitDigest=${digests.git}`];
    const { isDone, output } = await runOsls(folder, 'deploy', 'serverless.layers.yml', { ...options, params });
    if (!isDone) throw await stackFailure('deploy', stack, { since, output, stacks });
  }
  const outputs = await stacks.outputs(stack);
  return [`kubectlLayer=${outputs?.KubectlLambdaLayerQualifiedArn}`, `gitLayer=${outputs?.GitLambdaLayerQualifiedArn}`];
}

export function layerStackOf(stage: string): string {
  return `sluice-layers-${stage}`;
}
