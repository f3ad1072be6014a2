import { windowOf, type OpenPeriod } from '@biplane/billing-calendar';
import {
  parseDecimal,
  type Decimal,
  type DeploymentId,
  type HomeId,
  type MeterCode,
  type Result,
} from '@biplane/kernel';

/** How the readings of one meter become one number. */
export type Aggregation = 'sum' | 'peak' | 'last';

/**
 * The running total of one meter of one deployment at one incarnation of one home, in one window.
 * `quantity` is the total at `revision`, never a difference; the highest revision wins.
 */
export interface UsageWindowTotal {
  readonly deploymentId: DeploymentId;
  readonly meter: MeterCode;
  readonly aggregation: Aggregation;
  readonly windowStart: Date;
  readonly windowEnd: Date;
  readonly homeId: HomeId;
  readonly incarnation: number;
  readonly revision: number;
  /** A decimal string, at most 12 decimals. */
  readonly quantity: string;
  readonly closed: boolean;
  /** Null when the home held no license: usage is accepted all the same. */
  readonly licenseVersion: number | null;
  /** Of a gauge: when its reading was taken. */
  readonly lastAt?: Date;
}

/** Where a deployment was served, half-open. `to` is null while it still is. */
export interface Placement extends OpenPeriod {
  readonly homeId: string;
}

/** What core-api knows of the deployment that a window speaks of. */
export interface MeteredDeployment {
  readonly tenantId: string;
  readonly region: string;
  /** In which its billing periods are cut. */
  readonly timeZone: string;
  readonly placements: readonly Placement[];
}

/** Why a window is kept aside instead of counted. Source: 20-contracts, "Records up". */
export type WindowFault =
  | 'DEPLOYMENT_UNKNOWN'
  | 'REGION_MISMATCH'
  | 'METER_UNKNOWN'
  | 'METER_AGGREGATION'
  | 'METER_WRONG_PLANE'
  | 'HOME_DOES_NOT_SERVE'
  | 'WINDOW_IN_FUTURE'
  | 'WINDOW_TOO_OLD'
  | 'WINDOW_SHAPE'
  | 'QUANTITY_INVALID';

const futureToleranceMs = 5 * 60_000;
// Homes judge each event by the same 35 days; its window begins up to an hour before it.
const oldestMs = (35 * 24 + 1) * 3_600_000;

/**
 * Decides whether a window may be counted; `null` means yes. Never guesses: what is unknown is a fault. `region` is that
 * of the topic it came on: the broker lets only that region's homes write there, whatever the record says of itself.
 * `anyAge`: an operator vouches for it, so that it may be older than what a home may report by itself.
 */
export function windowFault(
  window: UsageWindowTotal,
  deployment: MeteredDeployment | undefined,
  meter: { readonly aggregation: string; readonly authority: string } | undefined,
  { now, region, anyAge = false }: { readonly now: Date; readonly region: string; readonly anyAge?: boolean },
): WindowFault | null {
  if (deployment === undefined) return 'DEPLOYMENT_UNKNOWN';
  if (deployment.region !== region) return 'REGION_MISMATCH';
  if (meter === undefined) return 'METER_UNKNOWN';
  if (meter.authority !== 'data') return 'METER_WRONG_PLANE';
  if (meter.aggregation !== window.aggregation) return 'METER_AGGREGATION';
  if (!isCutRight(window, deployment.timeZone)) return 'WINDOW_SHAPE';
  if (!parseTotal(window.quantity).ok) return 'QUANTITY_INVALID';
  if (window.windowStart.getTime() > now.getTime() + futureToleranceMs) return 'WINDOW_IN_FUTURE';
  if (!anyAge && window.windowStart.getTime() < now.getTime() - oldestMs) return 'WINDOW_TOO_OLD';
  return mayCount(deployment.placements, window) ? null : 'HOME_DOES_NOT_SERVE';
}

/**
 * A total has more digits than one event may: up to 30 before the point and 12 behind it, as every column of totals. Refusing
 * what a home may hold would leave that hour of the whole home incomplete.
 */
export function parseTotal(quantity: string): Result<Decimal> {
  return parseDecimal(quantity, { maxScale: 12, maxDigits: 42 });
}

/** Of several totals of one window, only the highest revision of each source: the order of arrival decides nothing. */
export function newestOfEach(windows: readonly UsageWindowTotal[]): UsageWindowTotal[] {
  const newest = new Map<string, UsageWindowTotal>();
  for (const window of windows) {
    const key = windowKey(window);
    const known = newest.get(key);
    if (known === undefined || window.revision > known.revision) newest.set(key, window);
  }
  return [...newest.values()];
}

function windowKey(window: UsageWindowTotal): string {
  return [window.deploymentId, window.meter, window.windowStart.getTime(), window.homeId, window.incarnation].join('|');
}

/**
 * A window is a UTC hour cut at the edge of the tenant's month, and no other stretch: two that overlap would count an
 * instant twice, one across the edge would bill it in the wrong month.
 */
function isCutRight({ windowStart, windowEnd }: UsageWindowTotal, timeZone: string): boolean {
  const { from, to } = windowOf(windowStart, timeZone);
  return windowStart.getTime() === from.getTime() && windowEnd.getTime() === to.getTime();
}

/**
 * The home holds the deployment, or held it in that window. Usage of before its time may come to it too: it is late, and belongs to an
 * hour that another home served.
 */
function mayCount(placements: readonly Placement[], window: UsageWindowTotal): boolean {
  const isPlaced = placements.some(({ from }) => from.getTime() < window.windowEnd.getTime());
  return (
    isPlaced &&
    placements.some(
      ({ homeId, to }) => homeId === window.homeId && (to === null || to.getTime() > window.windowStart.getTime()),
    )
  );
}
