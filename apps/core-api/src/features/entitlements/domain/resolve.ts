import { addDecimal, decimalToString, multiplyDecimal, orThrow, parseDecimal } from '@biplane/kernel';
import {
  overridingStrategy,
  quotaKey,
  type LimitWindow,
  type LicensedMeter,
  type LicensedRate,
  type StrategyName,
} from '@biplane/licensing';

/** From a subscription to what it entitles to, with the reasons. The license of the same inputs says the same, without them. */
export interface ResolutionInput {
  readonly now: Date;
  readonly plan: { readonly code: string; readonly version: number };
  readonly modules: readonly {
    readonly module: string;
    readonly features: readonly string[];
    readonly limits: readonly {
      readonly meter: string;
      readonly cap: string;
      readonly window: LimitWindow;
      readonly strategy: StrategyName;
      readonly warnAt: readonly string[];
      readonly rate?: LicensedRate | undefined;
    }[];
  }[];
  readonly featureFlags: Readonly<Record<string, boolean>>;
  /** Those attached now, in the order in which they were. */
  readonly addons: readonly {
    readonly code: string;
    readonly units: string;
    readonly grants: readonly { readonly module: string; readonly meter: string; readonly addToCap: string }[];
  }[];
  readonly disabledModules: readonly string[];
  readonly overrides: readonly {
    readonly module: string;
    readonly meter: string;
    readonly cap: string | null;
    readonly strategy: StrategyName | null;
    readonly until: Date | null;
    readonly reason: string;
  }[];
  readonly flags: readonly {
    readonly flag: string;
    readonly enabled: boolean;
    readonly until: Date | null;
    readonly reason: string;
  }[];
  readonly meters: ReadonlyMap<string, LicensedMeter>;
}

/** One step on the way to an entitlement, in the order in which they count: the last one has the last word. */
export interface Because {
  readonly source: 'plan' | 'addon' | 'override' | 'flag';
  /** The plan as `code/version`, the add-on’s code, or what an operator gave as the reason. */
  readonly item: string;
  /** What it did, in words. */
  readonly effect: string;
  /** When it ends by itself. */
  readonly until: Date | null;
}

export interface ResolvedFeature {
  /** `module:feature` */
  readonly key: string;
  readonly feature: string;
  readonly why: readonly Because[];
}

export interface ResolvedLimit extends LicensedMeter {
  readonly quotaKey: string;
  readonly meter: string;
  readonly window: LimitWindow;
  readonly cap: string;
  readonly strategy: StrategyName;
  readonly warnAt: readonly string[];
  readonly rate: LicensedRate | null;
  readonly why: readonly Because[];
}

export interface ResolvedModule {
  readonly module: string;
  readonly features: readonly ResolvedFeature[];
  readonly limits: readonly ResolvedLimit[];
  readonly why: readonly Because[];
}

export interface ResolvedFlag {
  readonly flag: string;
  readonly enabled: boolean;
  readonly why: readonly Because[];
}

export interface Resolution {
  readonly modules: readonly ResolvedModule[];
  readonly featureFlags: readonly ResolvedFlag[];
  /** Of the plan or of add-ons, and switched off for this deployment. */
  readonly disabledModules: readonly string[];
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Draft = { features: ResolvedFeature[]; limits: Mutable<ResolvedLimit>[]; why: Because[] };

/** Plan modules and add-on grants, less those disabled, with overrides. Pure. */
export function resolve(input: ResolutionInput): Resolution {
  const drafts = new Map<string, Draft>();
  const plan = `${input.plan.code}/${input.plan.version}`;
  for (const module of input.modules) drafts.set(module.module, ofPlan(input, module, plan));
  for (const addon of input.addons) for (const grant of addon.grants) addGrant(input, drafts, addon, grant);
  const disabledModules = input.disabledModules.filter((module) => drafts.delete(module)).sort();
  for (const override of input.overrides) {
    if (override.until === null || input.now < override.until) applyOverride(input, drafts, override);
  }
  const modules = [...drafts]
    .map(([module, draft]) => ({ module, ...draft }))
    .sort((a, b) => (a.module < b.module ? -1 : 1));
  return { modules, featureFlags: flagsOf(input, plan), disabledModules };
}

function ofPlan(input: ResolutionInput, planned: ResolutionInput['modules'][number], plan: string): Draft {
  const because = (effect: string): Because[] => [{ source: 'plan', item: plan, effect, until: null }];
  const { module, features, limits } = planned;
  return {
    features: features.map((feature) => ({
      key: `${module}:${feature}`,
      feature,
      why: because('grants the feature'),
    })),
    limits: limits.map((limit) => {
      const cap = spelled(limit.cap);
      const why = because(`grants ${cap}, ${limit.strategy}`);
      return { ...limitOf(input, module, limit.meter, limit.window), ...limit, cap, rate: limit.rate ?? null, why };
    }),
    why: because('grants the module'),
  };
}

/** A grant raises every limit of its meter; where there is none it makes a hard level. */
function addGrant(
  input: ResolutionInput,
  drafts: Map<string, Draft>,
  addon: ResolutionInput['addons'][number],
  grant: ResolutionInput['addons'][number]['grants'][number],
): void {
  const added = multiplyDecimal(orThrow(parseDecimal(grant.addToCap)), orThrow(parseDecimal(addon.units)));
  const times = spelled(addon.units) === '1' ? '' : ` (${spelled(addon.units)} x ${spelled(grant.addToCap)})`;
  const because = (effect: string): Because => ({ source: 'addon', item: addon.code, effect, until: null });
  let draft = drafts.get(grant.module);
  if (draft === undefined) {
    draft = { features: [], limits: [], why: [because('grants the module')] };
    drafts.set(grant.module, draft);
  }
  const limits = draft.limits.filter(({ meter }) => meter === grant.meter);
  const amount = `${decimalToString(added)}${times}`;
  if (limits.length === 0) {
    const cap = decimalToString(added);
    const why = [because(`grants ${amount}, hard_block`)];
    draft.limits.push({ ...newLimit(input, grant.module, grant.meter, cap, 'hard_block'), why });
  }
  for (const limit of limits) {
    limit.cap = decimalToString(addDecimal(orThrow(parseDecimal(limit.cap)), added));
    limit.why = [...limit.why, because(`adds ${amount}: ${limit.cap}`)];
  }
}

/** An override changes how a granted module is enforced; it never grants one. */
function applyOverride(
  input: ResolutionInput,
  drafts: Map<string, Draft>,
  override: ResolutionInput['overrides'][number],
): void {
  const { module, meter, cap, strategy, until, reason } = override;
  const draft = drafts.get(module);
  if (draft === undefined) return;
  const because = (effect: string): Because => ({ source: 'override', item: reason, effect, until });
  const limits = draft.limits.filter((limit) => limit.meter === meter);
  if (limits.length === 0 && cap !== null) {
    const made = newLimit(input, module, meter, spelled(cap), overridingStrategy(strategy, null) ?? 'hard_block');
    draft.limits.push({ ...made, why: [because(`sets ${made.cap}, ${made.strategy}`)] });
  }
  for (const limit of limits) {
    if (cap !== null) limit.cap = spelled(cap);
    const enforced = overridingStrategy(strategy, limit.rate);
    limit.strategy = enforced ?? limit.strategy;
    const parts = [...(cap === null ? [] : [limit.cap]), ...(enforced ? [enforced] : [])];
    if (parts.length === 0) continue;
    limit.why = [...limit.why, because(`sets ${parts.join(', ')}`)];
  }
}

function flagsOf(input: ResolutionInput, plan: string): ResolvedFlag[] {
  const flags = new Map<string, ResolvedFlag>();
  for (const [flag, enabled] of Object.entries(input.featureFlags)) {
    const effect = enabled ? 'is on' : 'is off';
    flags.set(flag, { flag, enabled, why: [{ source: 'plan', item: plan, effect, until: null }] });
  }
  for (const { flag, enabled, until, reason } of input.flags) {
    if (until !== null && input.now >= until) continue;
    const because: Because = {
      source: 'flag',
      item: reason,
      effect: enabled ? 'switches it on' : 'switches it off',
      until,
    };
    flags.set(flag, { flag, enabled, why: [...(flags.get(flag)?.why ?? []), because] });
  }
  return [...flags.values()].sort((a, b) => (a.flag < b.flag ? -1 : 1));
}

function newLimit(
  input: ResolutionInput,
  module: string,
  meter: string,
  cap: string,
  strategy: StrategyName,
): Omit<ResolvedLimit, 'why'> {
  return { ...limitOf(input, module, meter, null), cap, strategy, warnAt: [], rate: null };
}

function limitOf(input: ResolutionInput, module: string, meter: string, window: LimitWindow) {
  const known = input.meters.get(meter);
  // Publishing a plan and attaching an add-on check their meters, so a missing one is a bug of the caller.
  if (known === undefined) throw new Error(`resolve: the meter ${meter} was not given`);
  const { authority, aggregation } = known;
  return { quotaKey: quotaKey(module, meter, window), meter, window, authority, aggregation };
}

/** The database pads decimals with zeros; an entitlement has one spelling of a number. */
function spelled(quantity: string): string {
  return decimalToString(orThrow(parseDecimal(quantity)));
}
