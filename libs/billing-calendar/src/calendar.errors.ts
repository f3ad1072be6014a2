import { declareErrors } from '@biplane/kernel';

export const CalendarErrors = declareErrors('CALENDAR', {
  TIME_ZONE_UNKNOWN: {
    status: 422,
    title: 'The time zone is unknown',
    help: 'Send an IANA name such as "Australia/Brisbane" or "UTC"; offsets such as "+10:00" have no rules and are refused.',
  },
  MONTH_INVALID: {
    status: 422,
    title: 'The month is malformed',
    help: 'Send a month as "2026-04".',
  },
});
