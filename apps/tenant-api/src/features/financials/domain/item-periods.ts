import { anchoredPeriods, dayOf, daysIn, intersection, type Period } from '@biplane/billing-calendar';
import {
  moneyFromRational, moneyToDecimal, multiplyRational, rational, rationalFromDecimal, type Decimal, type Money,
  type Rational,
} from '@biplane/kernel'; // prettier-ignore

/** What the charges of an item follow from. */
export interface ItemTerms {
  /** Of one whole interval and one unit. */
  readonly price: Money;
  readonly quantity: Decimal;
  readonly months: number;
  /** The local day from which periods are counted; never after the start. */
  readonly anchor: string;
  readonly timeZone: string;
  /** Half-open; null while it goes on. */
  readonly startsAt: Date;
  readonly endsAt: Date | null;
}

/** One period of an item: charged in advance, when it begins. */
export interface ItemPeriod {
  /** The part of the anchored period in which the item runs. */
  readonly period: Period;
  readonly amount: Money;
}

/**
 * The periods of the item that begin in `[from, until)`, in order, at most `take` of them. The first and the last may be cut by
 * its start and its end: they cost their share of local days, rounded once, half away from zero.
 */
export function periodsBeginning(item: ItemTerms, from: Date, until: Date, take: number): readonly ItemPeriod[] {
  return beginning(item, from, until, take).map((begun) => ({ period: begun.period, amount: amountOf(item, begun) }));
}

/** The beginning of the first period at or after the instant; null when the item ends before it. */
export function nextDueAt(item: ItemTerms, from: Date): Date | null {
  const start = from < item.startsAt ? item.startsAt : from;
  if (item.endsAt !== null && item.endsAt <= start) return null;
  return beginning(item, start, spanOf(item, start, 1), 1)[0]?.period.from ?? null;
}

/** As it stands in the journal: `Locker, 2026-01-31 to 2026-02-27`. */
export function periodText(description: string, period: Period, timeZone: string): string {
  return `${description}, ${daysText(period, timeZone)}`;
}

const DAY_MS = 86_400_000;

/** So many periods after the instant: as many begin until then, whatever the zone does. */
function spanOf({ months }: ItemTerms, from: Date, periods: number): Date {
  return new Date(from.getTime() + (periods * months * 31 + 2) * DAY_MS);
}

interface Begun {
  readonly whole: Period;
  readonly period: Period;
}

function beginning(item: ItemTerms, from: Date, until: Date, take: number): readonly Begun[] {
  if (until <= from) return [];
  const searched = spanOf(item, from < item.startsAt ? item.startsAt : from, take + 1);
  const bounds = intersection(
    { from, to: searched < until ? searched : until },
    { from: item.startsAt, to: item.endsAt ?? until },
  );
  if (bounds === null) return [];
  const found: Begun[] = [];
  for (const whole of wholePeriods(item, bounds)) {
    const begins = whole.from < item.startsAt ? item.startsAt : whole.from;
    if (begins < from || begins >= until) continue;
    const ends = item.endsAt !== null && item.endsAt < whole.to ? item.endsAt : whole.to;
    if (ends <= begins) continue;
    found.push({ whole, period: { from: begins, to: ends } });
    if (found.length === take) break;
  }
  return found;
}

/**
 * Items of a tenant are mostly due alike, and a run asks for thousands of them at one instant: to ask the calendar each time would cost
 * more than all the rest.
 */
function remembering<T>(most: number): (key: string, make: () => T) => T {
  const known = new Map<string, T>();
  return (key, make) => {
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = make();
    if (known.size === most) known.clear();
    known.set(key, made);
    return made;
  };
}

const ASKED_MAX = 500;
const wholes = remembering<readonly Period[]>(ASKED_MAX);
const texts = remembering<string>(ASKED_MAX);

function wholePeriods({ anchor, months, timeZone }: ItemTerms, bounds: Period): readonly Period[] {
  const key = `${anchor} ${months} ${timeZone} ${bounds.from.getTime()} ${bounds.to.getTime()}`;
  return wholes(key, () => anchoredPeriods({ anchor, months }, bounds, timeZone));
}

function daysText({ from, to }: Period, timeZone: string): string {
  return texts(`${timeZone} ${from.getTime()} ${to.getTime()}`, () => {
    const [first, last] = [dayOf(from, timeZone), dayOf(new Date(to.getTime() - 1), timeZone)];
    return first === last ? first : `${first} to ${last}`;
  });
}

function amountOf({ price, quantity, timeZone }: ItemTerms, { whole, period }: Begun): Money {
  const cost = multiplyRational(rationalFromDecimal(moneyToDecimal(price)), rationalFromDecimal(quantity));
  const isCut = period.from > whole.from || period.to < whole.to;
  return moneyFromRational(isCut ? multiplyRational(cost, shareOf(period, whole, timeZone)) : cost, price.currency);
}

function shareOf(period: Period, whole: Period, timeZone: string): Rational {
  const { part, whole: all } = daysIn([period], whole, timeZone);
  return rational(BigInt(part), BigInt(all));
}
