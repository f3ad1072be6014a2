import type { LimitWindow, LicenseClaims, MeterAggregation } from '@biplane/licensing';

/**
 * What the gate asks of the counters: the metrics feature implements it over the stored totals. A level limit (`window: null`) asks for
 * the present level. The answer is a decimal string.
 */
export interface UsageReader {
  used(
    deploymentId: string,
    meter: string,
    aggregation: MeterAggregation,
    window: LimitWindow,
    now: Date,
    timeZone: string,
  ): Promise<string>;
}
export const USAGE_READER = Symbol('USAGE_READER');

/** Counts admitted requests of routes with `@Meters`: in memory, folded into the windows every second by the metrics feature. */
export interface CallCounter {
  count(license: LicenseClaims, meter: string, quantity: number): void;
}
export const CALL_COUNTER = Symbol('CALL_COUNTER');

/** Which home this process serves. */
export interface HomeIdentity {
  readonly homeId: string;
  readonly kind: 'shared' | 'dedicated';
  readonly region: string;
  readonly instanceId: string;
}
export const HOME = Symbol('HOME');

/** Who a request is for: a tenant handle is one, and so is a deployment that has no database yet. */
export interface DeploymentRef {
  readonly deploymentId: string;
}
