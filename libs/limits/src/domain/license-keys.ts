import type { LicenseClaims, LimitWindow } from '@biplane/licensing';
import { limitKeysOf, type LimitKey } from './limit-key.js';

interface Held {
  readonly keys: ReadonlyMap<LimitWindow, LimitKey>;
  readonly caps: ReadonlyMap<LimitWindow, string>;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The keys of a license's meters, made anew when a window of theirs ends: reckoning in zones costs more than a decision. */
export class LicenseKeys {
  private readonly byLicense = new WeakMap<LicenseClaims, Map<string, Held>>();

  of(license: LicenseClaims, meter: string, at: Date): ReadonlyMap<LimitWindow, LimitKey> {
    const meters = this.byLicense.get(license) ?? new Map<string, Held>();
    this.byLicense.set(license, meters);
    const known = meters.get(meter);
    const atMs = at.getTime();
    if (known !== undefined && known.fromMs <= atMs && atMs < known.toMs) return known.keys;
    const keys = limitKeysOf(license, meter, at);
    const periods = keys.flatMap(({ period }) => period ?? []);
    const held = {
      keys: new Map(keys.map((key) => [key.window, key])),
      caps: new Map(keys.map(({ window }) => [window, capsOf(license, meter, window)])),
      fromMs: Math.max(-Infinity, ...periods.map(({ from }) => from.getTime())),
      toMs: Math.min(Infinity, ...periods.map(({ to }) => to.getTime())),
    };
    // What a license does not name cannot be asked for without end.
    if (keys.length > 0) meters.set(meter, held);
    return held.keys;
  }

  /** The caps that modules set on one count of the meter, as one text; of a key that `of` has answered. */
  capsOf(license: LicenseClaims, meter: string, window: LimitWindow): string | undefined {
    return this.byLicense.get(license)?.get(meter)?.caps.get(window);
  }
}

function capsOf({ modules }: LicenseClaims, meter: string, window: LimitWindow): string {
  const limits = Object.values(modules).flatMap((module) => module.limits);
  const caps = limits.filter((limit) => limit.meter === meter && limit.window === window).map(({ cap }) => cap);
  return [...new Set(caps)].sort().join(',');
}
