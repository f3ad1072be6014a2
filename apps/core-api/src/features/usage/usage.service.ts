import { Injectable } from '@nestjs/common';
import { hourOf, type Period } from '@biplane/billing-calendar';
import type { Tx } from '@biplane/service-kit';
import { DedicatedHomes } from '../homes/index.js';
import { isSettled, missingHours, servedHours, type HomeHour } from './domain/completeness.js';
import { sleepOf } from './domain/sleep.js';
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
  constructor(
    private readonly store: UsageStore,
    private readonly homes: DedicatedHomes,
  ) {}

  /** Whether a home has closed the hour, and everything of it is here. */
  async isClosed(tx: Tx, homeId: string, hour: Date): Promise<boolean> {
    const closes = await this.store.closesBetween(tx, [homeId], hourOf(hour));
    return closes.some(({ complete, isEarly }) => complete && !isEarly);
  }

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
    const stops = await this.homes.stopsDuring(tx, homeIds, period);
    // What was closed before its end and went on after is not closed.
    const closes = (await this.store.closesBetween(tx, homeIds, period)).filter(({ homeId, hour, isEarly }) =>
      isSettled({ isEarly }, sleepOf(stops(homeId), hour)),
    );
    const complete = new Set(
      closes
        .filter((close) => close.complete)
        .map(keyOf)
        .filter((hour) => !refused.has(hour)),
    );
    // A home without a pod closes nothing; a window of it that was refused is waited for all the same.
    const isAwaited = ({ homeId, hour }: HomeHour) =>
      sleepOf(stops(homeId), hour) !== 'through' || refused.has(keyOf({ homeId, hour }));
    return {
      closes,
      expected: servedHours(period, placements).filter(isAwaited),
      refused: aside,
      missing: missingHours(period, placements, (homeId, hour) => complete.has(keyOf({ homeId, hour }))).filter(
        isAwaited,
      ),
    };
  }
}

export function keyOf({ homeId, hour }: HomeHour): string {
  return `${homeId}|${hour.getTime()}`;
}
