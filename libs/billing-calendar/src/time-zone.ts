import { err, ok, type Result } from '@biplane/kernel';
import { Temporal } from 'temporal-polyfill';
import { CalendarErrors } from './calendar.errors.js';

/** Offsets ("+10:00") are accepted by Temporal, but they cannot follow a change of a country's rules. */
const IANA_NAME = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/;

/** The zone in its usual spelling ("australia/brisbane" → "Australia/Brisbane"). */
export function parseTimeZone(text: unknown): Result<string> {
  if (typeof text === 'string' && IANA_NAME.test(text)) {
    try {
      return ok(new Temporal.ZonedDateTime(0n, text).timeZoneId);
    } catch {
      // Falls through: the zone data does not know the name.
    }
  }
  return err(CalendarErrors.TIME_ZONE_UNKNOWN({ detail: 'The time zone is not an IANA name' }));
}
