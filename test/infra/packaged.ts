import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageStage } from '../../infra/package-stage.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look at any field of any resource.
export type Properties = Record<string, any>;

export interface Resource {
  readonly Type: string;
  readonly Properties: Properties;
}

export interface Packaged extends AsyncDisposable {
  /** Holds `<function>.zip` and the template. */
  readonly directory: string;
  readonly resources: Readonly<Record<string, Resource>>;
  readonly conditions: Readonly<Record<string, unknown>>;
}

export interface PackageSetup {
  readonly stage?: string;
  readonly params?: readonly string[];
  readonly document?: unknown;
}

/** A stage as `npm run package` leaves it, in a folder of its own. */
export async function packaged({ stage = 'dev', params = [], document }: PackageSetup = {}): Promise<Packaged> {
  const directory = await mkdtemp(join(tmpdir(), 'sluice-package-'));
  const output = join(directory, 'out');
  await packageStage({
    stage,
    region: 'eu-central-1',
    config: 'sluice.yaml',
    layers: '.layers',
    params,
    document,
    output,
  });
  const text = await readFile(join(output, 'cloudformation-template-update-stack.json'), 'utf8');
  const { Resources: resources, Conditions: conditions } = JSON.parse(text);
  return {
    directory: output,
    resources,
    conditions,
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}
