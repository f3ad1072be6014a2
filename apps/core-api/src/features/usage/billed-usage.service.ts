import { Injectable } from '@nestjs/common';
import { contains, hourOf, periodOf, type Period } from '@biplane/billing-calendar';
import type { Tx } from '@biplane/service-kit';
import { DedicatedHomes } from '../homes/index.js';
import {
  BilledUsageStore,
  type BilledQuantity,
  type RecordedWindow,
  type RefusedWindow,
  type WantedUsage,
} from './billed-usage.store.js';
import { isSettled, missingHours, type HomeHour } from './domain/completeness.js';
import { sleepOf } from './domain/sleep.js';
import type { Placement } from './domain/window.js';
import { keyOf } from './usage.service.js';

/** A bill that asks what it still waits for. */
export interface WantedHours {
  readonly period: Period;
  readonly deploymentIds: readonly string[];
  /** Where these deployments were served. */
  readonly placements: readonly Placement[];
}

/** Reads what was metered, for many bills at once. Writes nothing. */
@Injectable()
export class BilledUsage {
  constructor(
    private readonly store: BilledUsageStore,
    private readonly homes: DedicatedHomes,
  ) {}

  /** What the meters of each deployment come to in its period. */
  of(tx: Tx, wanted: readonly WantedUsage[]): Promise<BilledQuantity[][]> {
    return this.store.folded(tx, wanted);
  }

  /** Windows whose totals were recorded at or after `since`: what the invoices of then may not hold. */
  recordedSince(
    tx: Tx,
    wanted: readonly { readonly tenantId: string; readonly before: Date; readonly since: Date }[],
  ): Promise<RecordedWindow[]> {
    return wanted.length === 0 ? Promise.resolve([]) : this.store.recordedSince(tx, wanted);
  }

  /**
   * For each bill, the hours of the homes that served it which are not complete, and those in which a window of its own
   * deployments was refused. Tenants of one home wait for the same hours: those are found once.
   */
  async missing(tx: Tx, wanted: readonly WantedHours[]): Promise<HomeHour[][]> {
    if (wanted.length === 0) return [];
    const all = spanOf(wanted.map(({ period }) => period));
    const homeIds = [...new Set(wanted.flatMap(({ placements }) => placements.map(({ homeId }) => homeId)))];
    const complete = await this.store.completeHours(tx, homeIds, all);
    const stops = await this.homes.stopsDuring(tx, homeIds, all);
    const deploymentIds = wanted.flatMap((each) => each.deploymentIds);
    const refused = await this.store.refused(tx, deploymentIds, all);
    const isComplete = (homeId: string, hour: Date) => {
      const [held, at] = [complete.get(homeId), hour.getTime()];
      if (held?.whole.has(at)) return true;
      return isSettled({ isEarly: held?.early.has(at) ? true : null }, sleepOf(stops(homeId), hour));
    };
    const shared = new Map<string, HomeHour[]>();
    return wanted.map((bill) => {
      const own = refusedHours(bill, refused);
      const { period, placements } = bill;
      if (own.size > 0) {
        return missingHours(period, placements, (homeId, hour) => {
          return isComplete(homeId, hour) && !own.has(keyOf({ homeId, hour }));
        });
      }
      const key = servedKey(bill);
      const known = shared.get(key) ?? missingHours(period, placements, isComplete);
      shared.set(key, known);
      return known;
    });
  }
}

function refusedHours({ period, deploymentIds }: WantedHours, refused: readonly RefusedWindow[]): Set<string> {
  if (refused.length === 0) return new Set();
  const own = new Set(deploymentIds);
  const hours = refused.filter((each) => own.has(each.deploymentId) && contains(period, each.windowStart));
  return new Set(hours.map(({ homeId, windowStart }) => keyOf({ homeId, hour: hourOf(windowStart).from })));
}

/** Equal for bills that wait for the same homes at the same time. */
function servedKey({ period, placements }: WantedHours): string {
  const inside = placements.map(({ homeId, from, to }) => {
    const end = to === null || to > period.to ? period.to : to;
    return `${homeId}|${Math.max(+from, +period.from)}|${+end}`;
  });
  return `${+period.from}|${+period.to}|${[...new Set(inside)].join('|')}`;
}

function spanOf(periods: readonly Period[]): Period {
  let [from, to] = [Infinity, -Infinity];
  for (const period of periods) [from, to] = [Math.min(from, +period.from), Math.max(to, +period.to)];
  return periodOf(from, to);
}
