import { describe, expect, it } from '@jest/globals';
import { settingsProblems, type Proposed } from './check-settings.js';
import { discountsOn, type OwnDiscount } from './discounts.js';
import { settingsAt, settingsOfMonth, type SettingsVersion } from './settings.js';
import { FIRST_MONTH } from './zones.js';

const proposed: Proposed = {
  currency: 'USD', timeZone: 'Australia/Brisbane', country: 'AU', taxId: null, taxIdValid: false, payByInvoice: true, autoInvoice: true,
  autoReminders: true, locale: 'en-AU', address: null, email: null, paymentMethod: null, dueDays: 14, discounts: [],
}; // prettier-ignore
const pilot: OwnDiscount = {
  kind: 'percent',
  rate: '0.10',
  description: 'pilot',
  from: '2026-04-01',
  to: '2026-06-01',
};

const version = (number: number, recordedAt: string, over: Partial<SettingsVersion> = {}): SettingsVersion => ({
  ...proposed,
  tenantId: 't',
  version: number,
  recordedAt: new Date(recordedAt),
  zoneFromMonth: FIRST_MONTH,
  ...over,
});

describe('settings of a month', () => {
  const versions = [
    version(1, '2026-02-10T00:00:00Z'),
    version(2, '2026-04-30T13:59:59.999Z', { country: 'NZ' }),
    version(3, '2026-04-30T14:00:00Z', { country: 'CH', timeZone: 'Europe/Zurich', zoneFromMonth: '2026-06' }),
  ];

  it.each([
    ['2026-01', 1, 'the first version holds for what was before it'],
    ['2026-03', 1, 'what is recorded later does not reach back'],
    ['2026-04', 2, 'recorded in the last instant of the month'],
    ['2026-05', 3, 'recorded as the month began'],
  ])('of %s are those of version %s: %s', (month, number) => {
    expect(settingsOfMonth(versions, month).version).toBe(number);
  });

  it('the zone of a running month stays, and the next month has the new one', () => {
    expect(settingsOfMonth(versions, '2026-05').timeZone).toBe('Australia/Brisbane');
    expect(settingsOfMonth(versions, '2026-06').timeZone).toBe('Europe/Zurich');
    expect(settingsAt(versions, new Date('2026-05-31T13:59:59Z')).timeZone).toBe('Australia/Brisbane');
    expect(settingsAt(versions, new Date('2026-05-31T14:00:00Z')).timeZone).toBe('Europe/Zurich');
  });
});

describe('own discounts', () => {
  it.each([
    ['2026-03-31', 0, 'the day before'],
    ['2026-04-01', 1, 'the first day'],
    ['2026-05-31', 1, 'the last day'],
    ['2026-06-01', 0, 'the day of `to`'],
  ])('on %s there are %s: %s', (date, count) => {
    expect(discountsOn([pilot], date)).toHaveLength(count);
  });

  it('stand with the amount first', () => {
    const amount: OwnDiscount = { kind: 'amount', amount: '5.00', description: null, from: '2026-01-01', to: null };
    expect(discountsOn([pilot, amount], '2026-05-01').map(({ kind }) => kind)).toEqual(['amount', 'percent']);
  });
});

describe('settings that cannot be', () => {
  it.each<[Partial<Proposed>, string, string]>([
    [{ currency: 'XXQ' }, '/currency', 'no such currency'],
    [{ timeZone: '+10:00' }, '/timeZone', 'an offset follows no rule'],
    [{ locale: 'en-u' }, '/locale', 'a tag that ends in the middle'],
    [{ taxIdValid: true }, '/taxIdValid', 'nothing to be valid'],
    [{ discounts: [pilot, { ...pilot, rate: '0.05' }] }, '/discounts/1/kind', 'two percentages'],
    [{ discounts: [{ ...pilot, rate: '1.01' }] }, '/discounts/0/rate', 'more than all of it'],
    [{ discounts: [{ ...pilot, rate: '0' }] }, '/discounts/0/rate', 'nothing'],
    [{ discounts: [{ ...pilot, rate: '1e-1' }] }, '/discounts/0/rate', 'no decimal'],
    [{ discounts: [{ ...pilot, to: '2026-04-01' }] }, '/discounts/0/to', 'no day at all'],
    [{ discounts: [{ ...pilot, from: '2026-02-30' }] }, '/discounts/0/from', 'no day of the calendar'],
    [
      { discounts: [{ kind: 'amount', amount: '5.001', description: null, from: '2026-01-01', to: null }] },
      '/discounts/0/amount',
      'more decimals than the currency',
    ],
  ])('%j is refused at %s: %s', (over, pointer) => {
    expect(settingsProblems({ ...proposed, ...over }).map((problem) => problem.pointer)).toContain(pointer);
  });

  it('none of the rest is', () => {
    expect(settingsProblems({ ...proposed, discounts: [pilot] })).toEqual([]);
  });
});
