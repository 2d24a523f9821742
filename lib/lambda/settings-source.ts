import { readFile } from 'node:fs/promises';
import type { AwsClient } from '../adapters/aws/aws-request.ts';
import { readS3Object } from '../adapters/aws/s3-object.ts';
import type { Clock, Store } from '../app/ports.ts';
import { asFailure } from '../domain/failure.ts';
import type { CheckOptions } from '../domain/settings/check-settings.ts';
import type { Settings } from '../domain/settings/settings.ts';
import type { Log } from '../log.ts';
import { settingsOf } from '../settings-document.ts';
import { type KeptSettings, keepSettings, readKeptSettings } from './kept-settings.ts';

export interface SettingsSource {
  /** The settings that are in force now. Throws a Failure only if none ever were. */
  current(): Promise<Settings>;
  /** Keeps them in the store, for processes that start while what is at their place cannot be used. */
  keep(): Promise<void>;
}

export interface SettingsPorts {
  readonly client: AwsClient;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly stage: string;
}

/** How long a change in S3 may take to count. */
const lookMs = 60_000;

/** The settings at `config`: those that travel with the function, or those that are in S3 and may change without a deploy. */
export function createSettingsSource(config: string, ports: SettingsPorts): SettingsSource {
  return config.startsWith('s3://') ? followS3(config, ports) : readPackaged(config, ports);
}

/** They were valid when they were packaged, and are JSON: a cold start does not parse YAML. */
function readPackaged(file: string, ports: SettingsPorts): SettingsSource {
  let settings: Settings | undefined;
  return {
    async current() {
      settings ??= settingsOf(JSON.parse(await readFile(file, 'utf8')), 'sluice.yaml', optionsOf(ports));
      return settings;
    },
    async keep() {},
  };
}

/**
 * Looks at most once a minute, with a conditional request. A copy that cannot be used is refused and told, and the last good one stays in
 * force: that of this process, or the one in the store, which also spares a cold start from parsing YAML.
 */
function followS3(address: string, ports: SettingsPorts): SettingsSource {
  const { client, store, clock, log } = ports;
  let current: (KeptSettings & { readonly settings: Settings }) | undefined;
  let keptEtag: string | undefined;
  let refusedEtag: string | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;

  function use(kept: KeptSettings): void {
    current = { ...kept, settings: settingsOf(kept.document, address, optionsOf(ports)) };
  }

  async function recall(): Promise<void> {
    const kept = await readKeptSettings(store, address);
    if (kept === undefined) return;
    try {
      use(kept);
      keptEtag = kept.etag;
    } catch (error) {
      // Another version of Sluice may have kept what this one does not take.
      log.warn('kept settings refused', { config: address, error: asFailure(error).message });
    }
  }

  async function look(): Promise<void> {
    const found = await readS3Object(client, address, current && (refusedEtag ?? current.etag));
    if (found === undefined) {
      if (refusedEtag !== undefined) log.error(refused, { config: address });
      return;
    }
    refusedEtag = found.etag;
    const { parseSettings } = await import('../settings-text.ts');
    use({ etag: found.etag, document: parseSettings(found.text, address) });
    refusedEtag = undefined;
    log.info('settings taken', { config: address });
  }

  /** Looks, unless that was done a moment ago; what goes wrong is only told while there is something to go on with. */
  async function refresh(): Promise<void> {
    if (current !== undefined && Math.abs(clock() - lookedAt) < lookMs) return;
    if (current === undefined) await recall();
    try {
      await look();
    } catch (error) {
      if (current === undefined) throw error;
      const { fault, message } = asFailure(error);
      if (fault === 'server') log.warn('settings could not be looked for', { config: address, error: message });
      else log.error(refused, { config: address, error: message });
    }
    lookedAt = clock();
  }

  return {
    async current() {
      await refresh();
      if (current === undefined) throw new TypeError('There are settings once a look has succeeded');
      return current.settings;
    },
    async keep() {
      if (current === undefined || current.etag === keptEtag) return;
      const { etag, document } = current;
      await keepSettings(store, clock, address, { etag, document });
      keptEtag = etag;
    },
  };
}

const refused = 'alarm: settings refused, the last good ones stay in force';

function optionsOf({ stage }: SettingsPorts): CheckOptions {
  return { local: false, aws: { stage } };
}
