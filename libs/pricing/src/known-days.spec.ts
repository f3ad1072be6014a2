import { calendarMonth, periodOf } from '@biplane/billing-calendar';
import { describe, expect, it } from '@jest/globals';
import { daysOf } from './known-days.js';

describe('the days of a period', () => {
  it('of a month are kept for the next bill; those of ten years, which a quote may ask for, are not', () => {
    const april = calendarMonth('2026-04', 'Europe/Zurich');
    expect(daysOf(april, 'Europe/Zurich')).toBe(daysOf(april, 'Europe/Zurich'));
    const long = periodOf(Date.UTC(2026, 0), Date.UTC(2036, 0));
    expect(daysOf(long, 'UTC')).toHaveLength(3_652);
    expect(daysOf(long, 'UTC')).not.toBe(daysOf(long, 'UTC'));
  });
});
