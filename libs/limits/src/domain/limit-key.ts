import type { Period } from '@biplane/billing-calendar';
import {
  limitPeriod,
  type LicenseClaims,
  type LicensedLimit,
  type LimitWindow,
  type MeterAggregation,
} from '@biplane/licensing';

/** What one count is kept under. All limits of a meter with one window share it, whatever module they stand in. */
export interface LimitKey {
  readonly deploymentId: string;
  readonly meter: string;
  readonly aggregation: MeterAggregation;
  readonly window: LimitWindow;
  /** Of `limitPeriod(window, now, timeZone)`; null for a level. */
  readonly period: Period | null;
}

export function limitKey(license: LicenseClaims, limit: LicensedLimit, at: Date): LimitKey {
  const { meter, aggregation, window } = limit;
  const period = limitPeriod(window, at, license.calendar.timeZone);
  return { deploymentId: license.deployment.id, meter, aggregation, window, period };
}

/** The counts that a use of the meter at an instant stands in: one a window, over all modules. */
export function limitKeysOf(license: LicenseClaims, meter: string, at: Date): LimitKey[] {
  const keys = new Map<LimitWindow, LimitKey>();
  for (const { limits } of Object.values(license.modules)) {
    for (const limit of limits) {
      if (limit.meter === meter && !keys.has(limit.window)) keys.set(limit.window, limitKey(license, limit, at));
    }
  }
  return [...keys.values()];
}

/** A level has no window; its row begins here. */
const NO_WINDOW = new Date(0);

export function windowStart(key: LimitKey): Date {
  return key.period?.from ?? NO_WINDOW;
}

export function windowName({ window }: LimitKey): 'day' | 'month' | 'level' {
  return window ?? 'level';
}

// Keys are made once a window and asked for at each request.
const texts = new WeakMap<LimitKey, string>();

export function keyText(key: LimitKey): string {
  const known = texts.get(key);
  if (known !== undefined) return known;
  const text = textOf(key);
  texts.set(key, text);
  return text;
}

function textOf(key: LimitKey): string {
  return `${key.deploymentId}|${key.meter}|${key.window ?? 'level'}|${key.period?.from.getTime() ?? 0}`;
}

/** The order in which counters are locked: writers never wait in a ring. */
export function compareKeys(a: LimitKey, b: LimitKey): number {
  return (
    compareText(a.deploymentId, b.deploymentId) ||
    compareText(a.meter, b.meter) ||
    compareText(windowName(a), windowName(b)) ||
    windowStart(a).getTime() - windowStart(b).getTime()
  );
}

export function inLockOrder<T extends { readonly key: LimitKey }>(rows: readonly T[]): T[] {
  return [...rows].sort((a, b) => compareKeys(a.key, b.key));
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
