import { parseArgs } from 'node:util';
import { Failure } from '../lib/domain/failure.ts';
import { refuseStage } from '../lib/domain/settings/check-for-aws.ts';

/** What `npm run package`, `deploy` and `remove` are told. */
export interface StageOptions {
  readonly stage: string;
  readonly region: string;
  /** Path of sluice.yaml, or `s3://bucket/key`. */
  readonly config: string;
  /** Where `npm run layers` puts the zips of the layers. */
  readonly layers: string;
  /** Of serverless.yml: `name=value`. */
  readonly params: readonly string[];
}

const usage =
  'npm run <package|deploy|remove> -- [--stage NAME] [--region NAME] [--config FILE|s3://…] [--param name=value]';

/** `region` is that of the environment, if it names one. Throws a `user` Failure that says what is wrong with them. */
export function readStageOptions(args: readonly string[], region = 'us-east-1'): StageOptions {
  const text = { type: 'string' } as const;
  let values: { stage?: string; region?: string; config?: string; layers?: string; param?: string[] };
  try {
    const options = {
      stage: text,
      region: text,
      config: text,
      layers: text,
      param: { ...text, multiple: true },
    } as const;
    values = parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new Failure('user', `Cannot go on: ${(error as Error).message}`, { help: usage });
  }
  const { stage = 'dev', config = 'sluice.yaml', layers = '.layers', param: params = [] } = values;
  const refused = refuseStage(stage);
  if (refused !== undefined) throw new Failure('user', `Cannot use the stage "${stage}": ${refused}`, { help: usage });
  const wrong = params.find((param) => !/^[a-zA-Z]+=/.test(param));
  if (wrong !== undefined)
    throw new Failure('user', `Cannot use the parameter "${wrong}": it is not name=value`, { help: usage });
  return { stage, region: values.region ?? region, config, layers, params };
}
