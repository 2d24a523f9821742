/** The words of kstatus. `NotFound` is for callers that looked for an object in vain. */
export type HealthStatus = 'InProgress' | 'Failed' | 'Current' | 'Terminating' | 'NotFound' | 'Unknown';

export interface Health {
  readonly status: HealthStatus;
  /** What is waited for, or what is wrong; partly a controller's own words. */
  readonly message: string;
}
