import type { Tx } from '@biplane/service-kit';
import { forgetCounters } from './store/counters.js';
import { forgetReservations } from './store/reservations.js';
import { forgetSlices } from './store/slices.js';
import { forgetTickets } from './store/tickets.js';

/** Counts, slices, reservations and tickets are kept for this long after their end: longer than any window and any late usage. */
export const LIMITS_KEEP_MS = 70 * 24 * 3_600_000;

/** Deletes what ended longer ago than that, at most `max` rows of each kind; how many went. */
export async function forgetLimits(tx: Tx, now: Date, max = 1_000): Promise<number> {
  const before = new Date(now.getTime() - LIMITS_KEEP_MS);
  const tickets = await forgetTickets(tx, before, max);
  const reservations = await forgetReservations(tx, before, max);
  const slices = await forgetSlices(tx, before, max);
  return tickets + reservations + slices + (await forgetCounters(tx, before, max));
}
