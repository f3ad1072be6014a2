import { describe, expect, it } from '@jest/globals';
import { billingPeriodAt } from './billing-period.js';
import { cancellationEnd } from './cancellation.js';

const at = (text: string): Date => new Date(`${text}T12:00:00.000Z`);
const sydney = 'Australia/Sydney';
const subscription = {
  period: billingPeriodAt(at('2026-04-10'), sydney),
  timeZone: sydney,
  startedAt: at('2026-04-05'),
  trialEndsAt: null,
};

describe('cancellationEnd', () => {
  it('is the end of the month in the zone of the tenant', () => {
    expect(cancellationEnd(subscription, { at: at('2026-04-10'), from: 'active' })).toEqual(
      new Date('2026-04-30T14:00:00.000Z'),
    );
  });

  it('is the end of the month that holds now when its renewal is due and not done', () => {
    expect(cancellationEnd(subscription, { at: at('2026-05-02'), from: 'active' })).toEqual(
      new Date('2026-05-31T14:00:00.000Z'),
    );
  });

  it('now is the instant itself', () => {
    const change = { at: at('2026-04-10'), from: 'active', endsAt: 'now' } as const;
    expect(cancellationEnd(subscription, change)).toEqual(at('2026-04-10'));
  });

  it('of a trial it is the end of the trial, before the month’s or after it', () => {
    for (const trialEndsAt of [at('2026-04-12'), at('2026-06-12')]) {
      const trial = { ...subscription, trialEndsAt };
      expect(cancellationEnd(trial, { at: at('2026-04-10'), from: 'trial' })).toEqual(trialEndsAt);
      expect(cancellationEnd(trial, { at: at('2026-04-10'), from: 'active' })).not.toEqual(trialEndsAt);
    }
  });

  it('before its start it never works', () => {
    expect(cancellationEnd(subscription, { at: at('2026-04-01'), from: 'active' })).toEqual(at('2026-04-01'));
  });
});
