import type { LicenseClaims, LicensedLimit } from '../claims/claims.js';
import { licenseBoundaries, type LicenseBoundaries } from '../claims/license-state.js';
import type { Decision } from './decision.js';
import type { LicenseVerdict } from './license-verdict.js';
import { literal } from './literal.js';
import { wholeLimit, type WholeLimit } from './whole-limit.js';

/** The limits of one meter in one module. */
export interface MeterLimits {
  readonly limits: readonly LicensedLimit[];
  /** When it is one alone, whose numbers are whole: the way on which nearly all counted requests go. */
  readonly whole: WholeLimit | undefined;
}

export type LimitsByMeter = ReadonlyMap<string, MeterLimits>;
type Modules = LicenseClaims['modules'];

/** What a decision asks of a document, read once: a document never changes. */
export interface CompiledLicense {
  readonly boundaries: LicenseBoundaries;
  /** By licensed action: the limits of its module. */
  readonly actions: ReadonlyMap<string, LimitsByMeter>;
  /** Made on first need. */
  readonly decisions: Partial<Record<LicenseVerdict, Decision>>;
}

const compiledLicenses = new WeakMap<LicenseClaims, CompiledLicense>();
// A book keeps equal modules once, so the licenses of a plan share these.
const compiledModules = new WeakMap<Modules, ReadonlyMap<string, LimitsByMeter>>();

export function compiledLicense(license: LicenseClaims): CompiledLicense {
  const known = compiledLicenses.get(license);
  if (known) return known;
  const actions = compiledActions(license.modules);
  const compiled: CompiledLicense = { boundaries: licenseBoundaries(license), actions, decisions: {} };
  compiledLicenses.set(license, compiled);
  return compiled;
}

export function compiledActions(modules: Modules): ReadonlyMap<string, LimitsByMeter> {
  const known = compiledModules.get(modules);
  if (known) return known;
  const actions = new Map<string, LimitsByMeter>();
  for (const [module, { features, limits }] of Object.entries(modules)) {
    const byMeter = limitsByMeter(limits);
    for (const feature of features) actions.set(literal(`${module}:${feature}`), byMeter);
  }
  compiledModules.set(modules, actions);
  return actions;
}

export function limitsByMeter(limits: readonly LicensedLimit[]): LimitsByMeter {
  return new Map(
    limits.map(({ meter }) => [literal(meter), meterLimits(limits.filter((each) => each.meter === meter))]),
  );
}

function meterLimits(limits: readonly LicensedLimit[]): MeterLimits {
  const [only, ...others] = limits;
  return { limits, whole: only && others.length === 0 ? wholeLimit(only) : undefined };
}
