import { addDecimal, decimalToString, multiplyDecimal, orThrow, parseDecimal } from '@biplane/kernel';
import {
  audienceOf,
  LICENSE_ISSUER,
  LICENSE_LIFETIME_SECONDS_MAX,
  type LicenseBootstrap,
  type LicenseClaims,
  type LicenseEnrollment,
  type LicensedLimit,
  type LicensedMeter,
  type LicensedModule,
  type LicensedRate,
  type LicensePlacement,
  type LicenseStatus,
  type LicensedDeploymentType,
  type StrategyName,
} from './claims.js';
import { graceEnd, noticeStart, termEnd } from './term.js';

/** A limit as a plan version states it; what its meter is comes from the catalog. */
export type PlannedLimit = Omit<LicensedLimit, 'authority' | 'aggregation'>;

export interface PlannedModule {
  readonly module: string;
  readonly features: readonly string[];
  readonly limits: readonly PlannedLimit[];
}

export interface AttachedAddon {
  /** Decimal string: every grant is `addToCap` x units. */
  readonly units: string;
  readonly grants: readonly { readonly module: string; readonly meter: string; readonly addToCap: string }[];
}

export interface LimitOverride {
  readonly module: string;
  readonly meter: string;
  readonly cap?: string;
  readonly strategy?: StrategyName;
  /** The override holds before this instant; the caller re-issues the license at it. */
  readonly until?: Date;
}

export interface LicenseInput {
  readonly now: Date;
  readonly jti: string;
  /** The next of the deployment. */
  readonly version: number;
  readonly tenantId: string;
  readonly deployment: { readonly id: string; readonly type: LicensedDeploymentType; readonly region: string };
  readonly status: LicenseStatus;
  readonly purgeAfter?: Date;
  readonly startsAt: Date;
  /** When the current period of the subscription ends. */
  readonly periodEndsAt: Date;
  /** A subscription that renews gives no notice: its next period is signed before this one ends. */
  readonly renews: boolean;
  readonly noticeDays?: number;
  readonly graceDays?: number;
  readonly timeZone: string;
  readonly placement: LicensePlacement;
  readonly plan: { readonly code: string; readonly version: number };
  readonly featureFlags: Readonly<Record<string, boolean>>;
  readonly modules: readonly PlannedModule[];
  /** Codes of the meters that the plan prices, limited or not. */
  readonly pricedMeters: readonly string[];
  readonly addons: readonly AttachedAddon[];
  readonly disabledModules: readonly string[];
  readonly overrides: readonly LimitOverride[];
  /** Of the catalog, by code: at least those that the plan and the grants name. */
  readonly meters: ReadonlyMap<string, LicensedMeter>;
  readonly bootstrap?: LicenseBootstrap;
  readonly enrollment?: LicenseEnrollment;
}

interface Draft {
  features: readonly string[];
  limits: LicensedLimit[];
}

/** The license that follows from a subscription. Pure: the same input gives the same document, member by member. */
export function buildClaims(input: LicenseInput): LicenseClaims {
  const issuedAt = Math.floor(input.now.getTime() / 1000);
  const termEndsAt = termEnd(input.periodEndsAt);
  const graceEndsAt = graceEnd(termEndsAt, input.graceDays, input.status === 'revoked' ? input.purgeAfter : undefined);
  return {
    iss: LICENSE_ISSUER,
    sub: input.tenantId,
    aud: audienceOf(input.deployment.id),
    jti: input.jti,
    iat: issuedAt,
    exp: Math.min(Math.floor(graceEndsAt.getTime() / 1000), issuedAt + LICENSE_LIFETIME_SECONDS_MAX),
    version: input.version,
    status: input.status,
    ...(input.status === 'revoked' && input.purgeAfter && { purgeAfter: input.purgeAfter.toISOString() }),
    startsAt: input.startsAt.toISOString(),
    noticeAt: noticeStart(termEndsAt, input.renews, input.noticeDays).toISOString(),
    termEndsAt: termEndsAt.toISOString(),
    graceEndsAt: graceEndsAt.toISOString(),
    calendar: { timeZone: input.timeZone },
    deployment: { id: input.deployment.id, type: input.deployment.type, region: input.deployment.region },
    placement: input.placement,
    plan: { code: input.plan.code, version: input.plan.version },
    featureFlags: sortedRecord(Object.entries(input.featureFlags)),
    modules: buildModules(input),
    meters: buildMeters(input),
    ...(input.bootstrap && { bootstrap: input.bootstrap }),
    ...(input.enrollment && { enrollment: input.enrollment }),
  };
}

/** Plan modules and add-on grants, less those disabled, with overrides: in this order, so that an override has the last word. */
function buildModules(input: LicenseInput): Record<string, LicensedModule> {
  const drafts = new Map<string, Draft>();
  for (const { module, features, limits } of input.modules) {
    drafts.set(module, {
      features: [...features],
      limits: limits.map((limit) => ({ ...limit, cap: normalized(limit.cap), ...meterOf(input, limit.meter) })),
    });
  }
  for (const { units, grants } of input.addons) {
    for (const grant of grants) applyGrant(input, drafts, grant, units);
  }
  for (const module of input.disabledModules) drafts.delete(module);
  for (const override of input.overrides) {
    if (!override.until || input.now.getTime() < override.until.getTime()) applyOverride(input, drafts, override);
  }
  return sortedRecord([...drafts]);
}

/** Those of disabled modules too: what was used before is still counted, and an event that comes late is not unknown. */
function buildMeters(input: LicenseInput): Record<string, LicensedMeter> {
  const codes = new Set([
    ...input.pricedMeters,
    ...input.modules.flatMap(({ limits }) => limits.map(({ meter }) => meter)),
    ...input.addons.flatMap(({ grants }) => grants.map(({ meter }) => meter)),
    ...input.overrides.map(({ meter }) => meter),
  ]);
  return sortedRecord([...codes].map((code) => [code, meterOf(input, code)]));
}

function applyGrant(
  input: LicenseInput,
  drafts: Map<string, Draft>,
  grant: AttachedAddon['grants'][number],
  units: string,
): void {
  const added = multiplyDecimal(orThrow(parseDecimal(grant.addToCap)), orThrow(parseDecimal(units)));
  const draft = drafts.get(grant.module) ?? { features: [], limits: [] };
  drafts.set(grant.module, draft);
  if (!draft.limits.some(({ meter }) => meter === grant.meter)) {
    draft.limits.push(newLimit(input, grant.meter, decimalToString(added), 'hard_block'));
    return;
  }
  draft.limits = draft.limits.map((limit) =>
    limit.meter === grant.meter
      ? { ...limit, cap: decimalToString(addDecimal(orThrow(parseDecimal(limit.cap)), added)) }
      : limit,
  );
}

/** An override changes how a licensed module is enforced; it never licenses a module that is not there. */
function applyOverride(input: LicenseInput, drafts: Map<string, Draft>, override: LimitOverride): void {
  const draft = drafts.get(override.module);
  if (!draft) return;
  if (!draft.limits.some(({ meter }) => meter === override.meter)) {
    if (override.cap === undefined) return;
    const strategy = overridingStrategy(override.strategy, undefined) ?? 'hard_block';
    draft.limits.push(newLimit(input, override.meter, normalized(override.cap), strategy));
    return;
  }
  draft.limits = draft.limits.map((limit) =>
    limit.meter === override.meter
      ? {
          ...limit,
          ...(override.cap !== undefined && { cap: normalized(override.cap) }),
          strategy: overridingStrategy(override.strategy, limit.rate) ?? limit.strategy,
        }
      : limit,
  );
}

/** A rate stands in the plan alone, and the plan may have changed since: no home would accept a throttle without one. */
export function overridingStrategy(
  strategy: StrategyName | null | undefined,
  rate: LicensedRate | null | undefined,
): StrategyName | undefined {
  return strategy === 'throttle' && !rate ? undefined : (strategy ?? undefined);
}

function newLimit(input: LicenseInput, meter: string, cap: string, strategy: StrategyName): LicensedLimit {
  return { meter, ...meterOf(input, meter), cap, window: null, strategy, warnAt: [] };
}

function meterOf(input: LicenseInput, code: string): LicensedMeter {
  const meter = input.meters.get(code);
  // Publishing a plan and attaching an add-on check their meters, so a missing one is a bug of the caller.
  if (!meter) throw new Error(`buildClaims: the meter ${code} was not given`);
  return { authority: meter.authority, aggregation: meter.aggregation };
}

/** The database pads decimals with zeros; a license has one spelling of a number. */
function normalized(quantity: string): string {
  return decimalToString(orThrow(parseDecimal(quantity)));
}

function sortedRecord<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}
