import {
  calendarMonth,
  contains,
  hourOf,
  intersection,
  monthOf,
  windowOf,
  type Period,
} from '@biplane/billing-calendar';

/** Zones times months that are in use at once: far fewer, so what is dropped is only computed again. */
const MONTHS_MAX = 512;

/**
 * `windowOf` of the billing calendar, with the months kept: to find where a month begins in a zone costs a thousand
 * times what comparing with it does, and a batch asks for one or two.
 */
export class WindowCutter {
  private readonly months = new Map<string, Period[]>();
  private kept = 0;

  /** The UTC hour of the instant within its month in the zone. */
  windowOf(instant: Date, timeZone: string): Period {
    const month =
      this.months.get(timeZone)?.find((period) => contains(period, instant)) ?? this.learn(instant, timeZone);
    return intersection(hourOf(instant), month) ?? windowOf(instant, timeZone);
  }

  private learn(instant: Date, timeZone: string): Period {
    if (this.kept >= MONTHS_MAX) {
      this.months.clear();
      this.kept = 0;
    }
    const month = calendarMonth(monthOf(instant, timeZone), timeZone);
    this.months.set(timeZone, [...(this.months.get(timeZone) ?? []), month]);
    this.kept += 1;
    return month;
  }
}
