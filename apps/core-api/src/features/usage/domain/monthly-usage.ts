import { addDecimal, compareDecimal, decimalToString, orThrow, type Decimal, type MeterCode } from '@biplane/kernel';
import { parseTotal, type Aggregation } from './window.js';

/** One stored total, as it bears on a bill. */
export interface MeteredTotal {
  readonly meter: MeterCode;
  readonly aggregation: Aggregation;
  readonly windowStart: Date;
  readonly quantity: string;
  readonly licenseVersion: number | null;
}

/** What one meter of one deployment comes to over a period. */
export interface MeteredUsage {
  readonly meter: MeterCode;
  readonly aggregation: Aggregation;
  /** A decimal string without trailing zeros. */
  readonly quantity: string;
  /** How many windows it was folded from. */
  readonly windows: number;
  /** The highest license version under which any of it was allowed; null when none was held. */
  readonly licenseVersion: number | null;
}

interface Running {
  aggregation: Aggregation;
  quantity: Decimal;
  lastAt: number;
  windows: number;
  licenseVersion: number | null;
}

/**
 * Folds window totals into one figure a meter: `sum` adds, `peak` takes the greatest, `last` the one of the latest
 * window (several homes in that window: their sum, since each counts what it holds).
 */
export function foldUsage(totals: readonly MeteredTotal[]): MeteredUsage[] {
  const byMeter = new Map<MeterCode, Running>();
  for (const total of totals) {
    const quantity = orThrow(parseTotal(total.quantity));
    const running = byMeter.get(total.meter);
    byMeter.set(total.meter, running === undefined ? start(total, quantity) : add(running, total, quantity));
  }
  return [...byMeter.entries()]
    .map(([meter, running]) => ({
      meter,
      aggregation: running.aggregation,
      quantity: decimalToString(running.quantity),
      windows: running.windows,
      licenseVersion: running.licenseVersion,
    }))
    .sort((a, b) => (a.meter < b.meter ? -1 : 1));
}

function start(total: MeteredTotal, quantity: Decimal): Running {
  return {
    aggregation: total.aggregation,
    quantity,
    lastAt: total.windowStart.getTime(),
    windows: 1,
    licenseVersion: total.licenseVersion,
  };
}

function add(running: Running, total: MeteredTotal, quantity: Decimal): Running {
  const at = total.windowStart.getTime();
  return {
    aggregation: running.aggregation,
    quantity: combine(running, at, quantity),
    lastAt: Math.max(running.lastAt, at),
    windows: running.windows + 1,
    licenseVersion: higher(running.licenseVersion, total.licenseVersion),
  };
}

function higher(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

function combine(running: Running, at: number, quantity: Decimal): Decimal {
  switch (running.aggregation) {
    case 'sum':
      return addDecimal(running.quantity, quantity);
    case 'peak':
      return compareDecimal(quantity, running.quantity) > 0 ? quantity : running.quantity;
    case 'last':
      if (at === running.lastAt) return addDecimal(running.quantity, quantity);
      return at > running.lastAt ? quantity : running.quantity;
  }
}
