import type { LicenseClaims } from '../claims/claims.js';
import { compiledActions, compiledLicense } from './compiled-license.js';
import { decideLimit, type LimitVerdict } from './decide-limit.js';
import {
  DECISION_OUTCOMES,
  makeDecision,
  type CounterReading,
  type DecideInput,
  type Decision,
  type DecisionOutcome,
} from './decision.js';
import { limitsOf } from '../limits/limits-of.js';
import { decisionOfVerdict, decisionWithoutLicense, factsOf, licenseVerdict } from './license-verdict.js';
import { instantText, withinWhole } from './whole-limit.js';

const severity = (outcome: DecisionOutcome): number => DECISION_OUTCOMES.indexOf(outcome);

const NO_READINGS: readonly CounterReading[] = [];

export type LimitQuestion = Pick<DecideInput, 'action' | 'meter' | 'quantity' | 'readings'>;

/**
 * The one decision: may this deployment do this now? Pure; the caller brings the verified license, the time and the counts.
 * Anything that is not known denies. Throws only for a quantity that is no decimal, which the edge has refused before.
 */
export function decide(input: DecideInput): Decision {
  const { license, deploymentId, now } = input;
  if (!license) return decisionWithoutLicense(null, now.getTime());
  if (license.deployment.id !== deploymentId) return decisionWithoutLicense(license.version, now.getTime());
  const compiled = compiledLicense(license);
  const verdict = licenseVerdict(license, compiled, input);
  const byLicense = (compiled.decisions[verdict] ??= decisionOfVerdict(verdict, factsOf(license)));
  return byLicense.isAllowed ? decideLimits(byLicense, license, input) : byLicense;
}

/** The second half of `decide`: what the limits of the asked meter make of an action that the license admits. */
export function decideLimits(byLicense: Decision, license: LicenseClaims, question: LimitQuestion): Decision {
  const { action, meter, readings = NO_READINGS, quantity = '1' } = question;
  const [reading] = readings;
  const whole = meter === undefined ? undefined : compiledActions(license.modules).get(action)?.get(meter)?.whole;
  if (whole !== undefined && reading !== undefined && readings.length === 1) {
    const within = withinWhole(byLicense, whole, reading, quantity);
    if (within !== undefined) return within;
  }
  return decideExactly(byLicense, license, { action, meter, readings, quantity });
}

interface ExactQuestion {
  readonly action: string;
  readonly meter: string | undefined;
  readonly readings: readonly CounterReading[];
  readonly quantity: string;
}

function decideExactly(
  byLicense: Decision,
  license: LicenseClaims,
  { action, meter, readings, quantity }: ExactQuestion,
): Decision {
  let worst: LimitVerdict | undefined;
  for (const limit of limitsOf(license, action, meter)) {
    const reading = readings.find((each) => each.meter === limit.meter && each.window === limit.window);
    const verdict = decideLimit(limit, reading, quantity);
    // A meter may have a limit a day and one a month: the most severe verdict holds, of equals the first.
    if (!worst || severity(verdict.outcome) > severity(worst.outcome)) worst = verdict;
  }
  return worst ? limited(byLicense, worst) : byLicense;
}

function limited(byLicense: Decision, verdict: LimitVerdict): Decision {
  const { limit, reading, used, remaining } = verdict;
  const counts = {
    behavior: limit.strategy,
    limit: limit.cap,
    used,
    remaining,
    retryAt: verdict.retryAt?.toISOString() ?? null,
    licenseVersion: byLicense.licenseVersion,
    asOf: reading ? instantText(reading.asOf) : byLicense.asOf,
    stale: reading?.stale ?? false,
  };
  const { outcome, code, reason } = verdict;
  if (outcome === 'allow') {
    // The limit has nothing to say; the license may.
    const says = byLicense.warnings.length > 0 ? byLicense : verdict;
    const { warnings } = byLicense;
    return makeDecision({ outcome: byLicense.outcome, code: says.code, reason: says.reason, ...counts, warnings });
  }
  if (outcome === 'deny' || outcome === 'delay') return makeDecision({ outcome, code, reason, ...counts });
  const own = code === null ? [] : [{ code, reason }];
  return makeDecision({ outcome, code, reason, ...counts, warnings: [...own, ...byLicense.warnings] });
}
