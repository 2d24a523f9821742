import type { Target } from '../../domain/settings/settings.ts';
import type { Log } from '../../log.ts';
import type { Clock, Queue, Store } from '../ports.ts';

/** What every use case around jobs needs of the world. */
export interface JobPorts {
  readonly store: Store;
  readonly queue: Queue;
  readonly clock: Clock;
  /** An id that was never given before: 16 characters of randomness or more. */
  readonly newId: () => string;
  readonly log: Log;
  /** Of the settings, by name. */
  readonly targets: ReadonlyMap<string, Target>;
}
