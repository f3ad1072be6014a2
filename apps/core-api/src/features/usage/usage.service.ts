import { Injectable } from '@nestjs/common';
import type { Period } from '@biplane/billing-calendar';
import type { Tx } from '@biplane/service-kit';
import { missingHours, servedHours, type HomeHour } from './domain/completeness.js';
import type { Placement } from './domain/window.js';
import { UsageStore, type CloseStatus } from './usage.store.js';

/** How a period stands, hour by hour and home by home. */
export interface Completeness {
  /** What the homes have closed. */
  readonly closes: readonly CloseStatus[];
  /** What the homes that served must close. */
  readonly expected: readonly HomeHour[];
  /** In which a window of these deployments was refused, and nobody has decided of it. */
  readonly refused: readonly HomeHour[];
  /** What a bill of these deployments still waits for: hours not complete, and those in which a window of theirs was refused. */
  readonly missing: readonly HomeHour[];
}

/** Reads what was metered, for bills and for those who watch the homes. Writes nothing. */
@Injectable()
export class UsageService {
  constructor(private readonly store: UsageStore) {}

  /** `deploymentIds`: whose own quarantined windows count as missing; another tenant's never do. */
  async completeness(
    tx: Tx,
    placements: readonly Placement[],
    period: Period,
    deploymentIds: readonly string[],
  ): Promise<Completeness> {
    const aside = await this.store.quarantinedHours(tx, deploymentIds, period);
    const refused = new Set(aside.map(keyOf));
    const homeIds = [...new Set(placements.map(({ homeId }) => homeId))];
    const closes = await this.store.closesBetween(tx, homeIds, period);
    const complete = new Set(
      closes
        .filter((close) => close.complete)
        .map(keyOf)
        .filter((hour) => !refused.has(hour)),
    );
    return {
      closes,
      expected: servedHours(period, placements),
      refused: aside,
      missing: missingHours(period, placements, (homeId, hour) => complete.has(keyOf({ homeId, hour }))),
    };
  }
}

export function keyOf({ homeId, hour }: HomeHour): string {
  return `${homeId}|${hour.getTime()}`;
}
