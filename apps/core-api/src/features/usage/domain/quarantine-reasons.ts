/** Every reason why a record is kept aside instead of counted, and what it says to people. */
export const QUARANTINE_REASONS = {
  HOME_UNKNOWN: 'No region was ever given such a home',
  REGION_MISMATCH: 'The topic is that of another region',
  DEPLOYMENT_UNKNOWN: 'No deployment of this id was ever created here',
  METER_UNKNOWN: 'The catalog has no such meter',
  METER_AGGREGATION: 'The catalog aggregates this meter in another way',
  METER_WRONG_PLANE: 'core-api counts this meter itself',
  HOME_DOES_NOT_SERVE: 'The home did not hold this deployment in that window',
  WINDOW_IN_FUTURE: 'The window begins more than 5 minutes from now',
  WINDOW_TOO_OLD: 'The window begins more than 35 days ago',
  WINDOW_SHAPE: 'The window is not a UTC hour, cut at the edges of the billing period',
  QUANTITY_INVALID: 'The quantity is not a decimal of at most 30 digits, 12 of them behind the point',
  KEY_MISMATCH: 'The record has the key of another deployment',
  EVENT_TOO_OLD: 'What it tells of is more than 35 days ago',
  EVENT_IN_FUTURE: 'What it tells of is more than 5 minutes from now',
  EVENT_DATES: 'It ends before it begins',
  TYPE_UNSUPPORTED: 'This release has no rule for records of this type',
} as const;

export type QuarantineReason = keyof typeof QUARANTINE_REASONS;
