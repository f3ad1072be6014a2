import type { OpenPeriod, Period } from '@biplane/billing-calendar';

export interface ModuleSwitch {
  readonly module: string;
  readonly enabled: boolean;
  readonly at: Date;
}

/** When a module was enabled in a period. One that nobody switched is enabled from the start. `switches` are in their order. */
export function enabledStretches(module: string, switches: readonly ModuleSwitch[], period: Period): OpenPeriod[] {
  const stretches: OpenPeriod[] = [];
  let from: Date | null = period.from;
  for (const { enabled, at } of switches.filter((each) => each.module === module && each.at < period.to)) {
    const instant = at > period.from ? at : period.from;
    if (enabled) from ??= instant;
    else if (from !== null) {
      if (from < instant) stretches.push({ from, to: instant });
      from = null;
    }
  }
  if (from !== null) stretches.push({ from, to: null });
  return stretches;
}
