import type { Log, LogFields } from '../log.ts';

interface Metric {
  readonly name: string;
  /** The field that says how many; default one. */
  readonly count?: string;
}

/** What is counted: lines of the log, by their message. */
export const metrics: Readonly<Record<string, Metric>> = {
  'delivery queued': { name: 'JobsQueued', count: 'jobs' },
  'A delivery was refused': { name: 'DeliveriesRefused' },
  'A delivery could not be queued': { name: 'DeliveriesFailed' },
  'sync succeeded': { name: 'SyncsSucceeded' },
  'sync failed': { name: 'SyncsFailed' },
  'sync is tried again': { name: 'SyncsRetried' },
  'release succeeded': { name: 'ReleasesSucceeded' },
  'release failed': { name: 'ReleasesFailed' },
  'release is tried again': { name: 'ReleasesRetried' },
  'malformed message acknowledged': { name: 'MalformedMessages' },
};

/** Lines that somebody has to see; infra/alarms.yml watches them. */
const alarms: Metric = { name: 'Alarms' };

/**
 * A log whose lines are also metrics of CloudWatch, in its embedded metric format
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html): no request is made for them.
 */
export function withMetrics(log: Log, stage: string): Log {
  function measured(message: string, fields: LogFields = {}): LogFields {
    const metric = message.startsWith('alarm: ') ? alarms : metrics[message];
    if (metric === undefined) return fields;
    const { name, count } = metric;
    const definition = { Namespace: 'Sluice', Dimensions: [['stage']], Metrics: [{ Name: name, Unit: 'Count' }] };
    return {
      ...fields,
      stage,
      [name]: count === undefined ? 1 : fields[count],
      _aws: { Timestamp: Date.now(), CloudWatchMetrics: [definition] },
    };
  }
  return {
    info: (message, fields) => log.info(message, measured(message, fields)),
    warn: (message, fields) => log.warn(message, measured(message, fields)),
    error: (message, fields) => log.error(message, measured(message, fields)),
    child: (fields) => withMetrics(log.child(fields), stage),
  };
}
