import { existsSync } from 'node:fs';
import type { AwsClient } from '../lib/adapters/aws/aws-request.ts';
import { parseS3Address, readS3Object } from '../lib/adapters/aws/s3-object.ts';
import type { Settings } from '../lib/domain/settings/settings.ts';
import { readDocument } from '../lib/read-settings.ts';
import { settingsOf } from '../lib/settings-document.ts';
import { parseSettings } from '../lib/settings-text.ts';
import type { StageOptions } from './stage-options.ts';

/** Settings that the functions of a stage can use, and how they get them. */
export interface StageSettings {
  readonly settings: Settings;
  /** The parsed file, if it travels with the functions. */
  readonly document?: unknown;
  /** Of serverless.yml. */
  readonly params: readonly string[];
}

/** Reads a file of this machine, checked for the stage; undefined if there is none. Throws a `user` Failure that lists every problem. */
export function readPackagedSettings({ stage, config }: StageOptions): StageSettings | undefined {
  if (!existsSync(config)) return undefined;
  const document = readDocument(config);
  return { settings: settingsOf(document, config, { local: false, aws: { stage } }), document, params: [] };
}

/** Reads what is in S3 now, checked for the stage; the functions read it there themselves. */
export async function readRemoteSettings({ stage, config }: StageOptions, client: AwsClient): Promise<StageSettings> {
  const found = await readS3Object(client, config);
  const settings = settingsOf(parseSettings(found?.text ?? '', config), config, { local: false, aws: { stage } });
  return { settings, params: remoteParams(config) };
}

/** The parameters of serverless.yml that let the functions read an object, and it alone. */
export function remoteParams(config: string): readonly string[] {
  const { bucket, key } = parseS3Address(config) ?? { bucket: '', key: '' };
  return [`config=${config}`, `configObject=${bucket}/${key}`];
}
