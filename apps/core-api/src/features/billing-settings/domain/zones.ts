import { calendarMonth, monthOf, nextMonth, periodOf, previousMonth, type Period } from '@biplane/billing-calendar';

/** From which month on a tenant's months are cut in a zone. Rising; the first entry holds for all that was before. */
export interface ZoneFrom {
  readonly fromMonth: string;
  readonly timeZone: string;
}

export type Zones = readonly ZoneFrom[];

/** For the first version: months sort as texts, and none is earlier. */
export const FIRST_MONTH = '1000-01';

/** Later decisions win over earlier ones that have not begun; a change back to what holds is no change. */
export function zonesOf(decided: readonly ZoneFrom[]): Zones {
  const zones: ZoneFrom[] = [];
  for (const next of decided) {
    while (zones.length > 0 && zones[zones.length - 1]!.fromMonth >= next.fromMonth) zones.pop();
    if (zones[zones.length - 1]?.timeZone !== next.timeZone) zones.push(next);
  }
  return zones;
}

export function zoneOf(zones: Zones, month: string): string {
  const holding = zones.filter(({ fromMonth }) => fromMonth <= month);
  return (holding[holding.length - 1] ?? zones[0]!).timeZone;
}

/**
 * A billed month. It begins where the month before ended: of two zones the first month in the new one takes up, or gives
 * away, the hours between both midnights, so that no instant is in two months or in none.
 */
export function billedMonth(zones: Zones, month: string): Period {
  const { to } = calendarMonth(month, zoneOf(zones, month));
  const before = previousMonth(month);
  const { to: from } = calendarMonth(before, zoneOf(zones, before));
  return periodOf(from.getTime(), to.getTime());
}

/** The billed month that holds the instant. */
export function billedMonthAt(zones: Zones, instant: Date): string {
  const guess = monthOf(instant, zones[0]!.timeZone);
  // Zones are at most 26 hours apart: the month is this one or a neighbor.
  return [previousMonth(guess), guess].find((month) => instant < billedMonth(zones, month).to) ?? nextMonth(guess);
}
