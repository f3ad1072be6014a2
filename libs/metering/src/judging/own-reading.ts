import { hash } from 'node:crypto';
import { decimalToString, orThrow, parseDecimal } from '@biplane/kernel';
import type { MeterAggregation } from '@biplane/licensing';
import { contentOf, keyOf, type MeteredDeployment } from './reading.js';
import type { HashedReading } from './repeats.js';
import type { WindowCutter } from './window-cutter.js';

/** Totals and levels have more digits than one quantity of a submitter. */
const DIGITS_MAX = 42;

/** Usage that the plane itself knows of, as an event: a confirmed reservation, the level of a tenant's records. */
export interface OwnUsage {
  readonly deploymentId: string;
  readonly source: string;
  readonly eventId: string;
  readonly meter: string;
  readonly aggregation: MeterAggregation;
  /** Decimal string. */
  readonly quantity: string;
  readonly at: Date;
}

/** Not judged: the plane answers for it. Stored under its id it counts once, as any event. */
export function ownReading(
  { deploymentId, source, eventId, meter, aggregation, quantity, at }: OwnUsage,
  { version, calendar }: Pick<MeteredDeployment, 'version' | 'calendar'>,
  cutter: WindowCutter,
): HashedReading {
  const amount = orThrow(parseDecimal(quantity, { maxDigits: DIGITS_MAX }));
  const reading = {
    deploymentId,
    source,
    eventId,
    meter,
    aggregation,
    quantity: decimalToString(amount),
    amount,
    occurredAt: at,
    window: cutter.windowOf(at, calendar.timeZone),
    licenseVersion: version,
  };
  return { ...reading, key: keyOf(reading), contentHash: hash('sha256', contentOf(reading)) };
}
