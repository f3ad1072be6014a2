import {
  daysAmong,
  durationMs,
  evenMillisIn,
  intersect,
  millisIn,
  planStretches,
  subtract,
  type LocalDay,
  type Period,
  type Share,
  type Stretches,
} from '@biplane/billing-calendar';
import { decimal, decimalToString } from '@biplane/kernel';
import type { DeploymentInput, PlanPricing, Proration } from './input.js';

/** When a deployment owes its fees: active and not suspended. Usage is owed at any time. */
export function chargeableTime(deployment: DeploymentInput): Stretches {
  return subtract(deployment.active, deployment.suspended);
}

/**
 * How a share is counted: as a plan says or, of a plan by second that shares the period with one by day, by second where each
 * local day weighs the same, so that both never add to more than the whole.
 */
export type Resolution = Proration | 'even_second';

/** One plan of the period, and the part of the chargeable time for which it is owed. */
export interface PlanStretch {
  readonly code: string;
  readonly name: string;
  readonly plan: PlanPricing;
  /** What its lines are known by: the code alone for the plan at the end of the period, with its end for one before it. */
  readonly subject: readonly string[];
  /** In the resolution of the plan. */
  readonly chargeable: Stretches;
  readonly resolution: Resolution;
  /** In whole local days, of which each is that of the plan in force at its end. */
  readonly chargeableDays: Stretches;
}

/** The plans of a deployment in the order in which they were in force; no instant is in two of their parts. */
export function planStretchesOf(
  { planCode, planName, plan, previousPlans }: DeploymentInput,
  chargeable: Stretches,
  period: Period,
  days: readonly LocalDay[],
): readonly PlanStretch[] {
  const last = { code: planCode, name: planName, plan, subject: [planCode] };
  if (!previousPlans) return [{ ...last, chargeable, resolution: plan.proration, chargeableDays: chargeable }];
  const before = previousPlans.map(({ until, ...previous }) => ({
    ...previous,
    subject: [previous.code, until.toISOString()],
  }));
  const untils = [...previousPlans.map(({ until }) => until), null];
  const plans = [...before, last];
  const turns = plans.map((one, index) => ({ until: untils[index]!, proration: one.plan.proration }));
  const parts = planStretches(turns, period, days);
  const dayParts = planStretches(
    turns.map(({ until }) => ({ until, proration: 'day' })),
    period,
    days,
  );
  const isMixed = turns.some(({ proration }) => proration === 'day');
  return plans.map((one, index) => ({
    ...one,
    resolution: isMixed && one.plan.proration === 'second' ? 'even_second' : one.plan.proration,
    chargeable: intersect(chargeable, parts[index]!),
    chargeableDays: intersect(chargeable, dayParts[index]!),
  }));
}

/** A share of the period, and how to say it on a bill. */
export interface ChargedShare {
  readonly share: Share;
  readonly text: string;
}

/** The share of the period that the stretches take, in the resolution of the plan. */
export function chargedShare(stretches: Stretches, frame: ShareFrame): ChargedShare {
  const { period, days, resolution } = frame;
  if (resolution === 'day') {
    const share = daysOf(stretches, frame);
    return { share, text: `${share.part} of ${share.whole} days` };
  }
  const share = resolution === 'second' ? millisIn(stretches, period) : evenMillisIn(stretches, period, days);
  const isScaled = share.whole !== durationMs(period);
  return { share, text: `${secondsText(share)}${isScaled ? ', each day as one of 24 hours' : ''}` };
}

export interface ShareFrame {
  readonly period: Period;
  readonly days: readonly LocalDay[];
  readonly resolution: Resolution;
}

/** Most deployments run all the time, so their days need not be counted. */
function daysOf(stretches: Stretches, { period, days }: ShareFrame): Share {
  const [only] = stretches;
  const isWhole = stretches.length === 1 && +only!.from === +period.from && +only!.to === +period.to;
  return isWhole ? { part: days.length, whole: days.length } : daysAmong(stretches, period, days);
}

function secondsText({ part, whole }: Share): string {
  const seconds = (millis: number) => decimalToString(decimal(BigInt(millis), 3));
  return `${seconds(part)} of ${seconds(whole)} seconds`;
}
