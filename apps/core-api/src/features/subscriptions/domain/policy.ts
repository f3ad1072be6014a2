import type { LimitOverride } from '@biplane/licensing';

interface Event {
  readonly at: Date;
  readonly actor: string;
}

/** How one limit is enforced for one deployment from `at` on, until `until`. */
export interface OverrideEvent extends Event {
  readonly module: string;
  readonly meter: string;
  readonly cap: string | null;
  readonly strategy: NonNullable<LimitOverride['strategy']> | null;
  readonly removed: boolean;
  readonly reason: string;
  readonly until: Date | null;
}

export interface ModuleEvent extends Event {
  readonly module: string;
  readonly enabled: boolean;
}

export interface FlagEvent extends Event {
  readonly flag: string;
  readonly enabled: boolean;
  readonly removed: boolean;
  readonly reason: string;
  readonly until: Date | null;
}

/** All that was ever decided for a deployment beside its plan, oldest first. */
export interface PolicyEvents {
  readonly overrides: readonly OverrideEvent[];
  readonly modules: readonly ModuleEvent[];
  readonly flags: readonly FlagEvent[];
}

/** What of it holds at an instant. */
export interface DeploymentPolicy {
  readonly overrides: readonly OverrideEvent[];
  readonly disabledModules: readonly string[];
  readonly flags: readonly FlagEvent[];
  /** When the first of it ends by itself; null when nothing does. */
  readonly changesAt: Date | null;
}

/** The newest event of each limit, module and flag holds, as long as it was not taken back and has not ended. */
export function policyAt(events: PolicyEvents, now: Date): DeploymentPolicy {
  const overrides = newest(events.overrides, ({ module, meter }) => `${module}/${meter}`).filter(holds);
  const flags = newest(events.flags, ({ flag }) => flag).filter(holds);
  const ends = [...overrides, ...flags].flatMap(({ until }) => (until === null ? [] : [until.getTime()]));
  return {
    overrides,
    flags,
    disabledModules: newest(events.modules, ({ module }) => module)
      .filter(({ enabled }) => !enabled)
      .map(({ module }) => module),
    changesAt: ends.length === 0 ? null : new Date(Math.min(...ends)),
  };

  function holds({ removed, until }: { removed: boolean; until: Date | null }): boolean {
    return !removed && (until === null || now < until);
  }
}

function newest<T>(events: readonly T[], keyOf: (event: T) => string): T[] {
  return [...new Map(events.map((event) => [keyOf(event), event])).values()];
}
