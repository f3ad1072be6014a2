import type { OpenPeriod } from '@biplane/billing-calendar';
import type { DeploymentState } from './deployment-state.js';

export interface StateChange {
  readonly to: DeploymentState;
  readonly at: Date;
}

/** From creation to its end a deployment is always in exactly one state; these are the stretches spent in the given ones. */
export function stretchesIn(states: readonly DeploymentState[], changes: readonly StateChange[]): OpenPeriod[] {
  const found: OpenPeriod[] = [];
  let from: Date | null = null;
  for (const change of changes) {
    const inside = states.includes(change.to);
    if (inside && from === null) from = change.at;
    if (!inside && from !== null) {
      if (from < change.at) found.push({ from, to: change.at });
      from = null;
    }
  }
  if (from !== null) found.push({ from, to: null });
  return found;
}

const CHARGED: readonly DeploymentState[] = ['active', 'past_due', 'paused', 'suspended'];

/**
 * When a deployment is charged for: from first ready and the start of its subscription, never in its trial, to the end of its subscription. The rest of a
 * cancelled period is charged when it was paid for before: one cancelled out of its trial never was. Paused and
 * suspended time stays inside: it is given beside this and taken off by day, as the rule of the bill asks.
 */
export function activeStretches(input: {
  readonly changes: readonly StateChange[];
  readonly firstReadyAt: Date | null;
  /** Of its subscription, possibly after it was ready. */
  readonly startedAt: Date;
  readonly endedAt: Date | null;
}): OpenPeriod[] {
  const { changes, firstReadyAt, startedAt, endedAt } = input;
  if (firstReadyAt === null) return [];
  const chargedFrom = later(firstReadyAt, startedAt);
  const wasPaidFor = changes.some(({ to }) => to === 'active' || to === 'past_due');
  return stretchesIn(wasPaidFor ? [...CHARGED, 'cancelled'] : CHARGED, changes)
    .map(({ from, to }) => ({ from: later(from, chargedFrom), to: earlier(to, endedAt) }))
    .filter(({ from, to }) => to === null || from < to);
}

export function suspendedStretches(changes: readonly StateChange[]): OpenPeriod[] {
  return stretchesIn(['paused', 'suspended'], changes);
}

function later(a: Date, b: Date): Date {
  return a > b ? a : b;
}

function earlier(a: Date | null, b: Date | null): Date | null {
  if (a === null) return b;
  return b === null || a < b ? a : b;
}
