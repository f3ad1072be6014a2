import { describe, expect, it } from '@jest/globals';
import { billingPeriodAt, dueRenewal } from './billing-period.js';

describe('billing periods of a subscription', () => {
  it('is the month of the zone, not of UTC', () => {
    const period = billingPeriodAt(new Date('2026-03-31T15:00:00.000Z'), 'Australia/Brisbane');
    expect(period).toEqual({ from: new Date('2026-03-31T14:00:00.000Z'), to: new Date('2026-04-30T14:00:00.000Z') });
  });

  it('renews at the end itself and not a millisecond before', () => {
    const march = billingPeriodAt(new Date('2026-03-10T00:00:00.000Z'), 'UTC');
    expect(dueRenewal(march, 'UTC', new Date(march.to.getTime() - 1))).toBeNull();
    expect(dueRenewal(march, 'UTC', march.to)?.from).toEqual(march.to);
  });

  it('passes several months at once after a jump, and never goes back', () => {
    const march = billingPeriodAt(new Date('2026-03-10T00:00:00.000Z'), 'UTC');
    expect(dueRenewal(march, 'UTC', new Date('2026-07-05T00:00:00.000Z'))?.from).toEqual(
      new Date('2026-07-01T00:00:00.000Z'),
    );
    expect(dueRenewal(march, 'UTC', new Date('2026-02-05T00:00:00.000Z'))).toBeNull();
  });
});
