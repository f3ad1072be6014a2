import {
  daysAmong,
  millisIn,
  subtract,
  toRational,
  type LocalDay,
  type Period,
  type Share,
  type Stretches,
} from '@biplane/billing-calendar';
import { decimal, decimalToString, type Rational } from '@biplane/kernel';
import type { DeploymentInput, Proration } from './input.js';

/** When a deployment owes its fees: active and not suspended. Usage is owed at any time. */
export function chargeableTime(deployment: DeploymentInput): Stretches {
  return subtract(deployment.active, deployment.suspended);
}

/** A share of the period, and how to say it on a bill. */
export interface ChargedShare {
  readonly share: Rational;
  readonly text: string;
}

/** The share of the period that the stretches take, in the resolution of the plan. */
export function chargedShare(stretches: Stretches, frame: ShareFrame): ChargedShare {
  const { period, days, proration } = frame;
  const share = proration === 'day' ? daysAmong(stretches, period, days) : millisIn(stretches, period);
  return { share: toRational(share), text: shareText(share, proration) };
}

export interface ShareFrame {
  readonly period: Period;
  readonly days: readonly LocalDay[];
  readonly proration: Proration;
}

function shareText({ part, whole }: Share, proration: Proration): string {
  if (proration === 'day') return `${part} of ${whole} days`;
  const seconds = (millis: number) => decimalToString(decimal(BigInt(millis), 3));
  return `${seconds(part)} of ${seconds(whole)} seconds`;
}
