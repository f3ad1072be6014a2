import { Inject, Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { topics } from '@biplane/contracts';
import type { Clock } from '@biplane/kernel';
import type { LimitPassed } from '@biplane/limits';
import type { Decision, LicenseClaims } from '@biplane/licensing';
import { eventRecord, Outbox, type OutboundRecord } from '@biplane/messaging';
import { CLOCK, IDS, UnitOfWork, type Ids, type Tx } from '@biplane/service-kit';
import { HOME, type DecisionListener, type HomeIdentity } from '../license/index.js';
import { happeningOf, happeningOfPassed } from './happening.js';
import { foldEvents, minuteOf, takeDue, type LimitHappening, type StoredLimitEvent } from './limit-events.store.js';

/** Limits of one process at which something happens within one minute; what is beyond is told in the next. */
const FOLDED_MAX = 10_000;
const SEND_MAX = 500;

/**
 * Tells core-api what happens at limits: the first time within a minute at once, then at most once a minute with the risen
 * count. What happens is folded in memory first, so a flood of denials costs one row.
 */
@Injectable()
export class LimitEvents implements DecisionListener, BeforeApplicationShutdown {
  private readonly logger = new Logger('LimitEvents');
  private folded = new Map<string, LimitHappening>();
  /** Of this minute: those told at once already. */
  private told = new Set<string>();
  private toldMinute = 0;
  private flushing: Promise<void> = Promise.resolve();
  private isFlushAsked = false;

  constructor(
    @Inject(HOME) private readonly home: HomeIdentity,
    @Inject(UnitOfWork) private readonly unitOfWork: UnitOfWork,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: Ids,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    await this.flush(this.clock.now()).catch(() => undefined);
  }

  decided(license: LicenseClaims, action: string, meter: string, decision: Decision): void {
    const now = this.clock.now();
    const happening = happeningOf(license, action, meter, decision, now);
    if (happening === undefined || !this.fold(happening)) return;
    if (!this.isFirst(happening) || this.isFlushAsked) return;
    this.isFlushAsked = true;
    // After the answer, and of one burst once.
    setImmediate(() => {
      this.isFlushAsked = false;
      this.flush(this.clock.now()).catch((error: unknown) => this.logger.warn({ err: error }, 'limit events wait'));
    });
  }

  /** In the transaction that counted what passed the share. */
  async passed(tx: Tx, passed: LimitPassed): Promise<void> {
    const now = this.clock.now();
    await foldEvents(tx, [happeningOfPassed(passed, now)], () => this.ids.uuid());
    await this.send(tx, now);
  }

  /** Stores what was folded since and sends what is due. One at a time; what could not be stored is folded again. */
  flush(now: Date): Promise<void> {
    const mine = this.flushing.then(() => this.store(now));
    this.flushing = mine.catch(() => undefined);
    return mine;
  }

  private async store(now: Date): Promise<void> {
    const { folded } = this;
    this.folded = new Map();
    try {
      let isMore = true;
      let happenings = [...folded.values()];
      while (isMore) {
        const storing = happenings;
        isMore = await this.unitOfWork.run(async (tx) => {
          if (storing.length > 0) await foldEvents(tx, storing, () => this.ids.uuid());
          return (await this.send(tx, now)) === SEND_MAX;
        });
        happenings = [];
        folded.clear();
      }
    } catch (error) {
      for (const happening of folded.values()) this.fold(happening);
      throw error;
    }
  }

  private async send(tx: Tx, now: Date): Promise<number> {
    const due = await takeDue(tx, now, SEND_MAX);
    await this.outbox.add(tx, ...due.map((event) => this.recordOf(event, now)));
    return due.length;
  }

  private recordOf(event: StoredLimitEvent, now: Date): OutboundRecord {
    const { homeId, region } = this.home;
    return eventRecord('LimitEvent', {
      topic: topics.usage(region),
      key: event.deploymentId,
      id: `${event.id}:${event.count}`,
      source: `home:${homeId}`,
      subject: event.deploymentId,
      time: now,
      data: { ...event, firstAt: event.firstAt.toISOString(), lastAt: event.lastAt.toISOString() },
    });
  }

  private fold(happening: LimitHappening): boolean {
    const key = keyOf(happening);
    const known = this.folded.get(key);
    if (known === undefined && this.folded.size >= FOLDED_MAX) return false;
    const { used, lastAt, firstAt, count } = happening;
    this.folded.set(
      key,
      known === undefined
        ? happening
        : {
            ...known,
            used,
            count: known.count + count,
            firstAt: firstAt < known.firstAt ? firstAt : known.firstAt,
            lastAt: lastAt > known.lastAt ? lastAt : known.lastAt,
          },
    );
    return true;
  }

  private isFirst(happening: LimitHappening): boolean {
    const minute = minuteOf(happening.firstAt).getTime();
    if (minute !== this.toldMinute) {
      this.toldMinute = minute;
      this.told = new Set();
    }
    const key = keyOf(happening);
    if (this.told.has(key)) return false;
    this.told.add(key);
    return true;
  }
}

function keyOf({ deploymentId, module, meter, kind, threshold, firstAt }: LimitHappening): string {
  return [deploymentId, module, meter, kind, threshold, minuteOf(firstAt).getTime()].join('|');
}
