import { Injectable } from '@nestjs/common';
import type { LimitEvent } from '@biplane/contracts';
import type { HomeId, RegionCode } from '@biplane/kernel';
import type { Tx } from '@biplane/service-kit';
import type { QuarantineReason } from './domain/quarantine-reasons.js';

/** What a home said of a limit, with where it said so. */
export interface ReportedLimitEvent {
  readonly event: LimitEvent;
  readonly region: RegionCode;
  /** The key of its record. */
  readonly key: string | null;
  /** As its source names it; null when that names no home. */
  readonly homeId: HomeId | null;
}

export interface RefusedLimitEvent {
  readonly event: LimitEvent;
  readonly reason: QuarantineReason;
}

type Handler = (tx: Tx, events: readonly ReportedLimitEvent[], now: Date) => Promise<readonly RefusedLimitEvent[]>;

/**
 * Limit events travel with the usage of a home, but they are no usage: the feature that keeps violations takes them, in
 * the transaction of the batch. What it refuses is quarantined like a window that breaks a rule.
 */
@Injectable()
export class LimitEvents {
  private handler: Handler | null = null;

  onReport(handler: Handler): void {
    if (this.handler !== null) throw new Error('Limit events are taken twice');
    this.handler = handler;
  }

  async take(tx: Tx, events: readonly ReportedLimitEvent[], now: Date): Promise<readonly RefusedLimitEvent[]> {
    if (events.length === 0) return [];
    if (this.handler === null) return events.map(({ event }) => ({ event, reason: 'TYPE_UNSUPPORTED' }));
    return this.handler(tx, events, now);
  }
}
