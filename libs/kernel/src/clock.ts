/**
 * The only source of business time. Pure code takes a `Date` argument instead; services inject a Clock, so that a demo
 * or a test can move the time of every process together.
 */
export interface Clock {
  now(): Date;
}
