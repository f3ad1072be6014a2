import { Injectable } from '@nestjs/common';
import type { Period } from '@biplane/billing-calendar';
import type { DeploymentId, HomeId } from '@biplane/kernel';
import type { Tx } from '@biplane/service-kit';
import { missingHours, type MissingHour } from './domain/completeness.js';
import { foldUsage, type MeteredUsage } from './domain/monthly-usage.js';
import type { Placement } from './domain/window.js';
import { UsageStore, type CloseStatus } from './usage.store.js';

/** Reads what was metered, for bills and for those who watch the homes. Writes nothing. */
@Injectable()
export class UsageService {
  constructor(private readonly store: UsageStore) {}

  /** What each meter of a deployment comes to in a billing period; a meter without usage is absent. */
  async usageOf(tx: Tx, deploymentId: DeploymentId, period: Period): Promise<MeteredUsage[]> {
    return foldUsage(await this.store.totalsOf(tx, deploymentId, period));
  }

  /** The hours of the period that a bill over these placements still waits for, in order. */
  async missing(tx: Tx, placements: readonly Placement[], period: Period): Promise<MissingHour[]> {
    const homeIds = [...new Set(placements.map((placement) => placement.homeId))];
    const complete = new Set(completeHours(await this.closes(tx, homeIds, period)));
    return missingHours(period, placements, (homeId, hour) => complete.has(key(homeId, hour)));
  }

  /** Per home and hour: closed, and whether core-api holds exactly what the home counted. */
  closes(tx: Tx, homeIds: readonly HomeId[], period: Period): Promise<CloseStatus[]> {
    return this.store.closesBetween(tx, homeIds, period);
  }
}

function completeHours(closes: readonly CloseStatus[]): string[] {
  return closes.filter(({ complete }) => complete).map(({ homeId, hour }) => key(homeId, hour));
}

function key(homeId: HomeId, hour: Date): string {
  return `${homeId}|${hour.getTime()}`;
}
