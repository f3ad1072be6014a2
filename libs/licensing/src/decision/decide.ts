import { orThrow, parseDecimal, type Decimal } from '@biplane/kernel';
import type { LicenseClaims } from '../claims/claims.js';
import { licenseState } from '../claims/license-state.js';
import { WARNING_CODES } from './decision.errors.js';
import {
  DECISION_OUTCOMES,
  type DecideInput,
  type Decision,
  type DecisionOutcome,
  type DecisionWarning,
} from './decision.js';
import { decideLimit, type LimitVerdict } from './decide-limit.js';

interface Denial {
  readonly code: string;
  readonly reason: string;
}

const severity = (outcome: DecisionOutcome): number => DECISION_OUTCOMES.indexOf(outcome);
const isAdmitting = (outcome: DecisionOutcome): boolean => severity(outcome) < severity('delay');

/**
 * The one decision: may this deployment do this now? Pure; the caller brings the verified license, the time and the counts.
 * Anything that is not known denies. Throws only for a quantity that is no decimal, which the edge has refused before.
 */
export function decide(input: DecideInput): Decision {
  const denial = denialByLicense(input) ?? denialByModule(input);
  if (denial || !input.license) return denied(input, denial ?? unavailable);
  const license = input.license;
  const warnings = licenseWarnings(license, input.now);
  const verdict = worstLimit(license, input);
  if (!verdict) return admitted(input, warnings);
  return limited(input, verdict, warnings);
}

const unavailable: Denial = { code: 'LICENSE.UNAVAILABLE', reason: 'No license is held for this deployment' };

function denialByLicense({ license, deploymentId, homeId, now }: DecideInput): Denial | undefined {
  if (!license) return unavailable;
  if (license.deployment.id !== deploymentId) {
    return { code: 'LICENSE.UNAVAILABLE', reason: 'The license held is for another deployment' };
  }
  if (homeId !== undefined && license.placement.homeId !== homeId) {
    return { code: 'LICENSE.ELSEWHERE', reason: `This deployment is served at ${license.placement.url}` };
  }
  switch (licenseState(license, now)) {
    case 'revoked':
      return { code: 'LICENSE.REVOKED', reason: 'The license is revoked' };
    case 'suspended':
      return { code: 'LICENSE.SUSPENDED', reason: 'The license is suspended' };
    case 'expired':
      return { code: 'LICENSE.EXPIRED', reason: 'The license has expired' };
    case 'not_started':
      return { code: 'LICENSE.NOT_STARTED', reason: `The license is in force from ${license.startsAt}` };
    default:
      return undefined;
  }
}

/** An unknown module, an unknown feature and an action that names neither all deny alike. */
function denialByModule({ license, action }: DecideInput): Denial | undefined {
  const [module = '', feature = '', ...rest] = action.split(':');
  const licensed = license && Object.hasOwn(license.modules, module) ? license.modules[module] : undefined;
  if (!licensed) return { code: 'LICENSE.MODULE_NOT_LICENSED', reason: `The module of "${action}" is not licensed` };
  if (rest.length > 0 || !licensed.features.includes(feature)) {
    return { code: 'LICENSE.MODULE_NOT_LICENSED', reason: `The feature of "${action}" is not licensed` };
  }
  return undefined;
}

function licenseWarnings(license: LicenseClaims, now: Date): DecisionWarning[] {
  switch (licenseState(license, now)) {
    case 'notice':
      return [{ code: WARNING_CODES.licenseEndsSoon, reason: `The term ends at ${license.termEndsAt}` }];
    case 'grace':
      return [
        {
          code: WARNING_CODES.licenseInGrace,
          reason: `The term ended at ${license.termEndsAt}; requests are refused from ${license.graceEndsAt} on`,
        },
      ];
    default:
      return [];
  }
}

/** A meter may have a limit a day and one a month: the most severe verdict holds, of equals the first. */
function worstLimit(license: LicenseClaims, input: DecideInput): LimitVerdict | undefined {
  if (input.meter === undefined) return undefined;
  const module = input.action.split(':')[0] ?? '';
  const quantity: Decimal = orThrow(parseDecimal(input.quantity ?? '1'));
  const verdicts = (license.modules[module]?.limits ?? [])
    .filter((limit) => limit.meter === input.meter)
    .map((limit) => {
      const reading = input.readings?.find(({ meter, window }) => meter === limit.meter && window === limit.window);
      return decideLimit(limit, reading, quantity);
    });
  return verdicts.sort((a, b) => severity(b.outcome) - severity(a.outcome))[0];
}

function nothingLimited(input: DecideInput) {
  return {
    behavior: null,
    limit: null,
    used: null,
    remaining: null,
    retryAt: null,
    licenseVersion: input.license?.version ?? null,
    asOf: input.now.toISOString(),
    stale: false,
  };
}

function denied(input: DecideInput, { code, reason }: Denial): Decision {
  return { outcome: 'deny', isAllowed: false, code, reason, ...nothingLimited(input), warnings: [] };
}

function admitted(input: DecideInput, warnings: DecisionWarning[]): Decision {
  const [first] = warnings;
  return {
    outcome: first ? 'warn' : 'allow',
    isAllowed: true,
    code: first?.code ?? null,
    reason: first?.reason ?? `"${input.action}" is licensed`,
    ...nothingLimited(input),
    warnings,
  };
}

function limited(input: DecideInput, verdict: LimitVerdict, licenseNotes: DecisionWarning[]): Decision {
  const isAllowed = isAdmitting(verdict.outcome);
  const ownNote = isAllowed && verdict.code !== null ? [{ code: verdict.code, reason: verdict.reason }] : [];
  const warnings = [...ownNote, ...licenseNotes];
  const [first] = warnings;
  const says = verdict.code === null && first ? first : verdict;
  return {
    outcome: verdict.outcome === 'allow' && first ? 'warn' : verdict.outcome,
    isAllowed,
    code: says.code,
    reason: says.reason,
    behavior: verdict.limit.strategy,
    limit: verdict.limit.cap,
    used: verdict.used,
    remaining: verdict.remaining,
    retryAt: verdict.retryAt?.toISOString() ?? null,
    licenseVersion: input.license?.version ?? null,
    asOf: (verdict.reading?.asOf ?? input.now).toISOString(),
    stale: verdict.reading?.stale ?? false,
    warnings,
  };
}
