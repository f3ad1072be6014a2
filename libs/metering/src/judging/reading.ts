import type { Period } from '@biplane/billing-calendar';
import { decimalToString, err, ok, orThrow, parseDecimal, type Decimal, type Result } from '@biplane/kernel';
import type { LicensedMeter, MeterAggregation, MeterAuthority } from '@biplane/licensing';
import { MeterErrors, UsageIntakeErrors } from '../metering.errors.js';
import type { WindowCutter } from './window-cutter.js';

/** What is asked of a submitted event; its shape was checked where it came in. */
export interface SubmittedEvent {
  readonly id: string;
  readonly source: string;
  /** RFC 3339, with any offset. */
  readonly time: string;
  /** A deployment. */
  readonly subject: string;
  readonly data: { readonly meter: string; readonly quantity: string };
}

/** What counting asks of a deployment; the claims of a license are one. */
export interface MeteredDeployment {
  readonly version: number;
  readonly startsAt: string;
  /** In which the tenant's months are cut. */
  readonly calendar: { readonly timeZone: string };
  readonly meters: Readonly<Record<string, LicensedMeter>>;
}

/** An event that may be counted, with the window it counts in. */
export interface Reading {
  readonly deploymentId: string;
  readonly source: string;
  readonly eventId: string;
  readonly meter: string;
  readonly aggregation: MeterAggregation;
  /** Decimal string in its shortest spelling. */
  readonly quantity: string;
  /** The same as a number. */
  readonly amount: Decimal;
  /** By the sender's clock. */
  readonly occurredAt: Date;
  readonly window: Period;
  readonly licenseVersion: number;
}

/** Who counts what the plane that is asked does not. */
const ELSEWHERE: Readonly<Record<MeterAuthority, string>> = {
  control: 'the home of the deployment counts it',
  data: 'core-api counts it',
};

export const FUTURE_MS_MAX = 5 * 60_000;
export const AGE_MS_MAX = 35 * 24 * 3_600_000;

/**
 * May this event be counted here, and where? The license's state does not matter: usage is accepted whatever it says.
 * An event too old or too new is refused, never moved. Source of the bounds: 20-contracts, "Records up".
 */
export function judge(
  event: SubmittedEvent,
  deployment: MeteredDeployment | undefined,
  plane: MeterAuthority,
  now: Date,
  cutter: WindowCutter,
): Result<Reading> {
  if (deployment === undefined) {
    return err(UsageIntakeErrors.DEPLOYMENT_UNKNOWN({ detail: 'No deployment of this id is counted here' }));
  }
  const code = event.data.meter;
  const meter = Object.hasOwn(deployment.meters, code) ? deployment.meters[code] : undefined;
  if (meter === undefined) return err(MeterErrors.UNKNOWN({ detail: `The license does not name the meter ${code}` }));
  if (meter.authority !== plane) {
    return err(MeterErrors.WRONG_PLANE({ detail: `The meter ${code} is not counted here: ${ELSEWHERE[plane]}` }));
  }
  const occurredAt = new Date(event.time);
  const ageMs = now.getTime() - occurredAt.getTime();
  if (-ageMs > FUTURE_MS_MAX) {
    return err(UsageIntakeErrors.IN_FUTURE({ detail: 'The event is more than 5 minutes ahead' }));
  }
  if (ageMs > AGE_MS_MAX) return err(UsageIntakeErrors.TOO_OLD({ detail: 'The event is more than 35 days old' }));
  const window = cutter.windowOf(occurredAt, deployment.calendar.timeZone);
  // core-api would set such a window aside: nobody was served then.
  if (window.to.getTime() <= Date.parse(deployment.startsAt)) {
    return err(UsageIntakeErrors.BEFORE_START({ detail: `The deployment exists since ${deployment.startsAt}` }));
  }
  const amount = orThrow(parseDecimal(event.data.quantity));
  return ok({
    deploymentId: event.subject,
    source: event.source,
    eventId: event.id,
    meter: code,
    aggregation: meter.aggregation,
    quantity: decimalToString(amount),
    amount,
    occurredAt,
    window,
    licenseVersion: deployment.version,
  });
}

/** What makes two events the same one: whoever counted names each of its events once. No part can hold a line break. */
export function keyOf({ deploymentId, source, eventId }: Pick<Reading, 'deploymentId' | 'source' | 'eventId'>): string {
  return `${deploymentId}\n${source}\n${eventId}`;
}

/** What a repeat must say again. Spellings of one value ("1.0", another offset) are the same content. */
export function contentOf({ meter, quantity, occurredAt }: Reading): string {
  return `${meter}|${quantity}|${occurredAt.toISOString()}`;
}
