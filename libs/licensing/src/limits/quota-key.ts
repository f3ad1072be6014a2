import type { LimitWindow } from '../claims/claims.js';

/**
 * The name of one limit, the same in the catalog, in entitlements and in quota answers: `<module>.<meter>` of a level
 * (`storage.storage_gb`), `<module>.<meter>.<window>` of what a day or a month resets (`financials.api_calls.month`).
 */
export function quotaKey(module: string, meter: string, window: LimitWindow): string {
  return window === null ? `${module}.${meter}` : `${module}.${meter}.${window}`;
}

/** Shape of a quota key; codes have no dot, so that each key is read in one way. */
export const QUOTA_KEY_PATTERN = /^[a-z](?:_?[a-z0-9]){0,62}\.[a-z](?:_?[a-z0-9]){0,62}(?:\.(?:day|month))?$/;
