import type { LicenseClaims } from '@biplane/licensing';
import type { Tx } from '@biplane/service-kit';
import { compareKeys } from './domain/limit-key.js';
import type { Adjustment, LimitCounters } from './limit-counters.js';
import { askRecounts, openCountersOf, takeDueRecounts } from './store/recounts.js';

/** Longer than any process goes on with a license that is no longer the newest, and than any transaction of its. */
export const RECOUNT_AFTER_MS = 60_000;
const DUE_MAX = 50;

/**
 * A limit that is new to a meter, while other processes store usage that do not know of it: what they store is missing from its
 * counter. So it is counted again, at once and when all know of it.
 */
export class NewLimits {
  constructor(private readonly counters: LimitCounters) {}

  /** The limits that a license names, in one text: what is to be kept of the license before. */
  named({ modules }: LicenseClaims): string {
    const limits = Object.values(modules).flatMap((module) => module.limits);
    return [...new Set(limits.map(({ meter, window }) => `${window ?? 'level'}:${meter}`))].sort().join(' ');
  }

  /** Meters with a limit that was not named before. */
  added(before: string, after: string): string[] {
    if (before === after) return [];
    const known = new Set(before.split(' '));
    const fresh = after.split(' ').filter((limit) => limit !== '' && !known.has(limit));
    return [...new Set(fresh.map((limit) => limit.slice(limit.indexOf(':') + 1)))];
  }

  /** Asked by whoever learns of the limits; asked twice it is done once. */
  async ask(tx: Tx, deploymentId: string, meters: readonly string[], now: Date): Promise<void> {
    const later = new Date(now.getTime() + RECOUNT_AFTER_MS);
    await askRecounts(
      tx,
      meters.flatMap((meter) => [
        { deploymentId, meter, round: 1, dueAt: now },
        { deploymentId, meter, round: 2, dueAt: later },
      ]),
    );
  }

  /** Counts again what is due: every counter that is there, whatever license this process knows of. */
  async recount(tx: Tx, now: Date): Promise<readonly Adjustment[]> {
    const keys = await openCountersOf(tx, await takeDueRecounts(tx, now, DUE_MAX), now);
    const adjustments: Adjustment[] = [];
    for (const key of keys.sort(compareKeys)) {
      const adjustment = await this.counters.recount(tx, key, now);
      if (adjustment !== null) adjustments.push(adjustment);
    }
    return adjustments;
  }
}
