import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { nextMonth } from '@biplane/billing-calendar';
import { billedMonth, billedMonthAt, FIRST_MONTH, zoneOf, zonesOf, type ZoneFrom } from './zones.js';

const first = (timeZone: string): ZoneFrom => ({ fromMonth: FIRST_MONTH, timeZone });
const [brisbane, honolulu, apia] = ['Australia/Brisbane', 'Pacific/Honolulu', 'Pacific/Apia'];

describe('zones of a tenant', () => {
  it.each([
    [
      brisbane,
      honolulu,
      '2026-04-30T14:00:00.000Z',
      '2026-06-01T10:00:00.000Z',
      'westward: the month is 20 hours longer',
    ],
    [honolulu, brisbane, '2026-05-01T10:00:00.000Z', '2026-05-31T14:00:00.000Z', 'eastward: 20 hours shorter'],
  ])('from %s to %s in May, May runs from %s to %s: %s', (before, after, from, to) => {
    const zones = zonesOf([first(before), { fromMonth: '2026-05', timeZone: after }]);
    expect(billedMonth(zones, '2026-05')).toEqual({ from: new Date(from), to: new Date(to) });
    expect(billedMonth(zones, '2026-04').to).toEqual(new Date(from));
    expect([zoneOf(zones, '2026-04'), zoneOf(zones, '2026-05')]).toEqual([before, after]);
  });

  it('a later decision wins over one that has not begun, and a change back is none', () => {
    const changed = [first(brisbane), { fromMonth: '2026-05', timeZone: honolulu }];
    expect(zonesOf([...changed, { fromMonth: '2026-05', timeZone: apia }])).toEqual([
      first(brisbane),
      { fromMonth: '2026-05', timeZone: apia },
    ]);
    expect(zonesOf([...changed, { fromMonth: '2026-05', timeZone: brisbane }])).toEqual([first(brisbane)]);
  });

  it('D12: months tile whatever the zone changes to: each instant is in one month, and it is the one that is named', () => {
    const zone = fc.constantFrom(
      brisbane,
      honolulu,
      apia,
      'UTC',
      'Asia/Kathmandu',
      'Africa/Casablanca',
      'Pacific/Kiritimati',
    );
    const change = fc.record({
      year: fc.integer({ min: 2009, max: 2034 }),
      month: fc.integer({ min: 1, max: 12 }),
      zone,
    });
    fc.assert(
      fc.property(zone, fc.array(change, { maxLength: 6 }), (start, changes) => {
        const decided = changes
          .map(({ year, month, zone: timeZone }) => ({
            fromMonth: `${year}-${String(month).padStart(2, '0')}`,
            timeZone,
          }))
          .sort((a, b) => (a.fromMonth < b.fromMonth ? -1 : 1));
        const zones = zonesOf([first(start), ...decided]);
        for (const { fromMonth } of decided) {
          const [period, next] = [billedMonth(zones, fromMonth), billedMonth(zones, nextMonth(fromMonth))];
          expect(next.from).toEqual(period.to);
          expect(billedMonthAt(zones, period.from)).toBe(fromMonth);
          expect(billedMonthAt(zones, new Date(period.to.getTime() - 1))).toBe(fromMonth);
          expect(billedMonthAt(zones, period.to)).toBe(nextMonth(fromMonth));
        }
      }),
      { numRuns: 100 },
    );
  });
});
