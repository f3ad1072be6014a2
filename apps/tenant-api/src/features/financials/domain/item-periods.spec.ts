import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { startOfDay } from '@biplane/billing-calendar';
import { money, moneyToJson, orThrow, parseCurrency, parseDecimal } from '@biplane/kernel';
import { nextDueAt, periodsBeginning, periodText, type ItemTerms } from './item-periods.js';

const usd = orThrow(parseCurrency('USD'));
const zone = 'Europe/Zurich';
const day = (text: string, timeZone = zone) => startOfDay(text, timeZone);

function item(startsOn: string, endsOn: string | null, over: Partial<ItemTerms> = {}): ItemTerms {
  return {
    price: money(3100n, usd),
    quantity: orThrow(parseDecimal('1')),
    months: 1,
    anchor: startsOn,
    timeZone: zone,
    startsAt: day(startsOn),
    endsAt: endsOn === null ? null : day(endsOn),
    ...over,
  };
}

const inYear = (terms: ItemTerms) =>
  periodsBeginning(terms, day('2026-01-01'), day('2027-01-01'), 100).map(
    ({ period, amount }) => `${periodText('x', period, zone)}: ${moneyToJson(amount).amount}`,
  );

describe('the periods of an item', () => {
  it('31 January comes back: 31 January, 28 February, 31 March, 30 April', () => {
    expect(inYear(item('2026-01-31', '2026-05-31'))).toEqual([
      'x, 2026-01-31 to 2026-02-27: 31.00',
      'x, 2026-02-28 to 2026-03-30: 31.00',
      'x, 2026-03-31 to 2026-04-29: 31.00',
      'x, 2026-04-30 to 2026-05-30: 31.00',
    ]);
  });

  it('a first and a last period that are cut cost their share of local days', () => {
    expect(inYear(item('2026-01-16', '2026-03-11', { anchor: '2026-01-01' }))).toEqual([
      'x, 2026-01-16 to 2026-01-31: 16.00',
      'x, 2026-02-01 to 2026-02-28: 31.00',
      'x, 2026-03-01 to 2026-03-10: 10.00',
    ]);
  });

  it('price x quantity x share is rounded once, half away from zero', () => {
    const terms = item('2026-04-16', '2026-05-01', {
      anchor: '2026-04-01', price: money(333n, usd), quantity: orThrow(parseDecimal('1.5')),
    }); // prettier-ignore
    // 3.33 x 1.5 x 15/30 = 2.4975
    expect(inYear(terms)).toEqual(['x, 2026-04-16 to 2026-04-30: 2.50']);
  });

  it('a single day is told as one', () => {
    expect(inYear(item('2026-01-31', '2026-02-01', { anchor: '2026-01-01' }))).toEqual(['x, 2026-01-31: 1.00']);
  });

  it('an item that ends as it starts has none', () => {
    expect(inYear(item('2026-03-01', '2026-03-01'))).toEqual([]);
    expect(nextDueAt(item('2026-03-01', '2026-03-01'), day('2026-01-01'))).toBeNull();
  });

  it('is due next where its first undecided period begins, and never once it has ended', () => {
    const terms = item('2026-01-31', '2026-04-15');
    expect(nextDueAt(terms, new Date(0))).toEqual(day('2026-01-31'));
    expect(nextDueAt(terms, new Date(+day('2026-01-31') + 1))).toEqual(day('2026-02-28'));
    expect(nextDueAt(terms, new Date(+day('2026-03-31') + 1))).toBeNull();
    expect(nextDueAt(item('2026-01-31', null, { months: 120 }), day('2026-02-01'))).toEqual(day('2036-01-31'));
  });

  it('are asked of the calendar as far as they are taken, not for all the time that an item slept', () => {
    // A million months would take minutes.
    const found = periodsBeginning(item('2026-01-31', null), day('2026-01-31'), new Date(Date.UTC(90_000, 0)), 36);
    expect([found.length, found.at(-1)!.period.to]).toEqual([36, day('2029-01-31')]);
  });

  it('whatever its terms, its periods tile its time, and asking piece by piece gives the same', () => {
    const date = fc
      .date({ min: new Date('2020-01-01'), max: new Date('2023-12-31'), noInvalidDate: true })
      .map((value) => value.toISOString().slice(0, 10));
    const zones = fc.constantFrom('Europe/Zurich', 'America/New_York', 'Pacific/Apia', 'Australia/Lord_Howe', 'UTC');
    const terms = fc.record({ dates: fc.tuple(date, date, date), timeZone: zones, months: fc.constantFrom(1, 3, 12) });
    fc.assert(
      fc.property(terms, fc.integer({ min: 1, max: 5 }), ({ dates, timeZone, months }, take) => {
        const [anchor, startsOn, endsOn] = [...dates].sort() as [string, string, string];
        const [startsAt, endsAt] = [day(startsOn, timeZone), day(endsOn, timeZone)];
        const one = item(startsOn, endsOn, { anchor, timeZone, months, startsAt, endsAt });
        const all = periodsBeginning(one, startsAt, endsAt, 1_000);
        const edges = all.flatMap(({ period }) => [+period.from, +period.to]);
        expect(edges).toEqual([...edges].sort((a, b) => a - b));
        if (startsAt < endsAt) expect([edges[0], edges.at(-1)]).toEqual([+startsAt, +endsAt]);
        const gaps = all.slice(1).filter(({ period }, index) => +period.from !== +all[index]!.period.to);
        expect(gaps).toEqual([]);
        const pieces = [];
        for (let due = nextDueAt(one, startsAt); due !== null;) {
          const piece = periodsBeginning(one, due, endsAt, take);
          pieces.push(...piece);
          due = nextDueAt(one, new Date(+piece.at(-1)!.period.from + 1));
        }
        expect(pieces).toEqual(all);
      }),
      { numRuns: 30 },
    );
  });
});
