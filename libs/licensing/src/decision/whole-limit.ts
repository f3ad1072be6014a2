import type { LicensedLimit } from '../claims/claims.js';
import { strategyOf } from '../strategies/index.js';
import type { CounterReading, Decision } from './decision.js';
import { wholeOf } from './limit-count.js';
import { thresholdsOf } from './thresholds.js';

/** A limit of which the numbers are whole and small enough to be reckoned with exactly, read once. */
export interface WholeLimit {
  readonly limit: LicensedLimit;
  readonly cap: number;
  /** From this use on there is something to say. */
  readonly warnFrom: number;
  /** What follows the use in the reason. */
  readonly ofCap: string;
}

/** Undefined: the exact way has to be taken. */
export function wholeLimit(limit: LicensedLimit): WholeLimit | undefined {
  const cap = wholeOf(limit.cap);
  if (cap < 0) return undefined;
  const warnFrom = strategyOf(limit.strategy).warns ? (thresholdsOf(limit)[0]?.wholeFrom ?? Infinity) : Infinity;
  return { limit, cap, warnFrom, ofCap: ` of ${limit.cap} ${limit.meter}` };
}

/**
 * What nearly every counted request gets: within its one limit, and below what it warns of. The same as on the exact way, and makes
 * nothing but its answer, for what a request leaves behind pushes the licenses out of the cache. Undefined: take the exact way.
 */
export function withinWhole(
  byLicense: Decision,
  { limit, cap, warnFrom, ofCap }: WholeLimit,
  reading: CounterReading,
  quantity: string,
): Decision | undefined {
  if (reading.meter !== limit.meter || reading.window !== limit.window) return undefined;
  const used = wholeOf(reading.used);
  const asked = wholeOf(quantity);
  if (used < 0 || asked < 0) return undefined;
  const after = used + asked;
  if (after > cap || after >= warnFrom) return undefined;
  const isSilent = byLicense.warnings.length === 0;
  return {
    outcome: byLicense.outcome,
    isAllowed: true,
    code: isSilent ? null : byLicense.code,
    reason: isSilent ? after + ofCap : byLicense.reason,
    behavior: limit.strategy,
    limit: limit.cap,
    used: reading.used,
    remaining: String(cap - used),
    retryAt: null,
    licenseVersion: byLicense.licenseVersion,
    asOf: instantText(reading.asOf),
    stale: reading.stale ?? false,
    warnings: byLicense.warnings,
  };
}

// Counts that are read together share their instant, and writing it out takes longer than the rest of a decision.
let lastMs = 0;
let lastText = '1970-01-01T00:00:00.000Z';

export function instantText(instant: Date): string {
  const ms = instant.getTime();
  if (lastMs !== ms) {
    lastText = instant.toISOString();
    lastMs = ms;
  }
  return lastText;
}
