import type { LicensedLimit, MeterAuthority } from '@biplane/licensing';

/**
 * How a use is admitted against a limit. `sliced`: from slices in memory. `taken`: one conditional UPDATE a use. `read`: by
 * the counter alone, which a reading sets later. `counted`: never refused within its rate, so a count of a moment ago will do.
 * `free`: never refused. `elsewhere`: the other plane counts it.
 */
export type Enforcement = 'sliced' | 'taken' | 'read' | 'counted' | 'free' | 'elsewhere';

export function enforcementOf(limit: LicensedLimit, plane: MeterAuthority): Enforcement {
  if (limit.strategy === 'allow') return 'free';
  if (limit.authority !== plane) return 'elsewhere';
  if (!isExact(limit)) return 'counted';
  if (limit.aggregation !== 'sum') return 'read';
  return limit.window === null ? 'taken' : 'sliced';
}

/** Nothing passes the caps of these: what is beyond is denied, or waits. */
export function isExact({ strategy }: LicensedLimit): boolean {
  return (
    strategy !== 'soft_warning' && strategy !== 'overage_charge' && strategy !== 'throttle' && strategy !== 'allow'
  );
}
