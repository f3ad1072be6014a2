import { err, ok, type Result } from '@biplane/kernel';
import { Temporal } from 'temporal-polyfill';
import { CalendarErrors } from './calendar.errors.js';

/** Offsets ("+10:00") are accepted by Temporal, but they cannot follow a change of a country's rules. */
const IANA_NAME = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/;

/** Names that were read before, in the spelling in which they were sent; more than a platform meets. */
const known = new Map<string, string>();
const KNOWN_MAX = 2_000;

/** The zone in its usual spelling ("australia/brisbane" → "Australia/Brisbane"). */
export function parseTimeZone(text: unknown): Result<string> {
  if (typeof text === 'string' && IANA_NAME.test(text)) {
    const before = known.get(text);
    if (before !== undefined) return ok(before);
    try {
      const timeZone = new Temporal.ZonedDateTime(0n, text).timeZoneId;
      if (known.size >= KNOWN_MAX) known.clear();
      known.set(text, timeZone);
      return ok(timeZone);
    } catch {
      // Falls through: the zone data does not know the name.
    }
  }
  return err(CalendarErrors.TIME_ZONE_UNKNOWN({ detail: 'The time zone is not an IANA name' }));
}
