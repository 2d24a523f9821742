import type { Change } from '../domain/jobs/change.ts';

/** Where an event of AWS happened. */
export interface Place {
  readonly account: string;
  readonly region: string;
}

/** The events of one service of AWS that EventBridge brings. They are not signed: IAM says who may send them. */
export interface EventSource {
  readonly detailType: string;
  /** Throws what zod throws for a detail of another shape. */
  read(detail: unknown, place: Place): readonly Change[];
}

/** China has a domain of its own. */
export function domainOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}
