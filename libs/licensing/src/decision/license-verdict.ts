import type { LicenseClaims } from '../claims/claims.js';
import { stateAt, type LicenseBoundaries, type LicenseState } from '../claims/license-state.js';
import { WARNING_CODES } from './decision.errors.js';
import { makeDecision, NO_WARNINGS, type Decision, type DecisionOutcome } from './decision.js';

/**
 * What a license alone says to an action, before any count. Few, so that each is one ready-made Decision of a license: none repeats
 * the action, and none depends on the instant of the question.
 */
export const LICENSE_VERDICTS = [
  'licensed',
  'notice',
  'grace',
  'not_licensed',
  'not_started',
  'expired',
  'suspended',
  'revoked',
  'elsewhere',
] as const;
export type LicenseVerdict = (typeof LICENSE_VERDICTS)[number];

/** What the Decisions of a license repeat of it. Instants in epoch milliseconds. */
export interface LicenseFacts {
  readonly version: number;
  readonly issuedMs: number;
  readonly startsMs: number;
  readonly termEndsMs: number;
  readonly graceEndsMs: number;
  /** Where the deployment is served. */
  readonly url: string;
}

export function factsOf(license: LicenseClaims): LicenseFacts {
  return {
    version: license.version,
    issuedMs: license.iat * 1000,
    startsMs: Date.parse(license.startsAt),
    termEndsMs: Date.parse(license.termEndsAt),
    graceEndsMs: Date.parse(license.graceEndsAt),
    url: license.placement.url,
  };
}

/** Where first, then whether the license is in force, then whether it names the action: each question makes the next one idle. */
export function licenseVerdict(
  license: LicenseClaims,
  compiled: { readonly boundaries: LicenseBoundaries; readonly actions: ReadonlyMap<string, unknown> },
  question: { readonly homeId?: string | undefined; readonly action: string; readonly now: Date },
): LicenseVerdict {
  const { homeId, action, now } = question;
  if (homeId !== undefined && license.placement.homeId !== homeId) return 'elsewhere';
  const verdict = verdictOfState[stateAt(license.status, compiled.boundaries, now.getTime())];
  return isInForce(verdict) && !compiled.actions.has(action) ? 'not_licensed' : verdict;
}

export const verdictOfState: Readonly<Record<LicenseState, LicenseVerdict>> = {
  active: 'licensed',
  notice: 'notice',
  grace: 'grace',
  not_started: 'not_started',
  expired: 'expired',
  suspended: 'suspended',
  revoked: 'revoked',
};

export const isInForce = (verdict: LicenseVerdict): boolean =>
  verdict === 'licensed' || verdict === 'notice' || verdict === 'grace';

// The Decisions of a license are mostly made one after the other, and each keeps this text.
let lastIssue = { ms: 0, text: '1970-01-01T00:00:00.000Z' };

function instantOfIssue(ms: number): string {
  if (lastIssue.ms !== ms) lastIssue = { ms, text: instantOf(ms) };
  return lastIssue.text;
}

const instantOf = (millis: number): string => new Date(millis).toISOString();

/** The Decision of a verdict, frozen: whoever asks the same of the same license may hold the same one. */
export function decisionOfVerdict(verdict: LicenseVerdict, facts: LicenseFacts): Decision {
  switch (verdict) {
    case 'licensed':
      return byLicense(facts, 'allow', null, 'The action is licensed');
    case 'notice':
      return byLicense(facts, 'warn', WARNING_CODES.licenseEndsSoon, `The term ends at ${instantOf(facts.termEndsMs)}`);
    case 'grace': {
      const [ended, blocked] = [instantOf(facts.termEndsMs), instantOf(facts.graceEndsMs)];
      const reason = `The term ended at ${ended}; requests are refused from ${blocked} on`;
      return byLicense(facts, 'warn', WARNING_CODES.licenseInGrace, reason);
    }
    case 'not_licensed':
      return byLicense(facts, 'deny', 'LICENSE.MODULE_NOT_LICENSED', 'The module or its feature is not licensed');
    case 'not_started': {
      const reason = `The license is in force from ${instantOf(facts.startsMs)}`;
      return byLicense(facts, 'deny', 'LICENSE.NOT_STARTED', reason);
    }
    case 'expired':
      return byLicense(facts, 'deny', 'LICENSE.EXPIRED', 'The license has expired');
    case 'suspended':
      return byLicense(facts, 'deny', 'LICENSE.SUSPENDED', 'The license is suspended');
    case 'revoked':
      return byLicense(facts, 'deny', 'LICENSE.REVOKED', 'The license is revoked');
    case 'elsewhere':
      return byLicense(facts, 'deny', 'LICENSE.ELSEWHERE', `This deployment is served at ${facts.url}`);
  }
}

/** No license, or one of another deployment (which decides nothing, whatever its version). */
export function decisionWithoutLicense(otherVersion: number | null, nowMs: number): Decision {
  const reason =
    otherVersion === null ? 'No license is held for this deployment' : 'The license held is for another deployment';
  const asOf = instantOf(nowMs);
  return makeDecision({ outcome: 'deny', code: 'LICENSE.UNAVAILABLE', reason, licenseVersion: otherVersion, asOf });
}

function byLicense(
  { version, issuedMs }: LicenseFacts,
  outcome: DecisionOutcome,
  code: string | null,
  reason: string,
): Decision {
  const warnings = outcome === 'warn' && code !== null ? Object.freeze([{ code, reason }]) : NO_WARNINGS;
  const asOf = instantOfIssue(issuedMs);
  return Object.freeze(makeDecision({ outcome, code, reason, licenseVersion: version, asOf, warnings }));
}
