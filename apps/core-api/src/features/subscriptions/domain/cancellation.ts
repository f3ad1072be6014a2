import type { Period } from '@biplane/billing-calendar';
import { dueRenewal } from './billing-period.js';

/**
 * When a cancelled subscription stops working. At the period's end that is the end of the period that was begun, its renewal
 * due or done, or of the month that is billed when the tenant's zone has changed since, whichever is first; of a trial, for which nothing is paid, the end of the trial; and before its start it never works.
 */
export function cancellationEnd(
  subscription: {
    readonly period: Period;
    readonly timeZone: string;
    readonly startedAt: Date;
    readonly trialEndsAt: Date | null;
  },
  change: { readonly at: Date; readonly from?: string; readonly endsAt?: 'now' | 'period_end' },
  monthEndsAt?: Date,
): Date {
  const { period, timeZone, startedAt, trialEndsAt } = subscription;
  const { at, from, endsAt } = change;
  if (endsAt === 'now' || at < startedAt) return at;
  if (from === 'trial' && trialEndsAt !== null) return trialEndsAt;
  const { to } = dueRenewal(period, timeZone, at) ?? period;
  return monthEndsAt !== undefined && monthEndsAt < to ? monthEndsAt : to;
}
