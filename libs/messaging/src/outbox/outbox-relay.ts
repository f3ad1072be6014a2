import { Logger } from '@nestjs/common';
import type { Clock } from '@biplane/kernel';
import { faultPoint } from '@biplane/service-kit';
import { backoffMs, wait, within } from '../backoff.js';
import type { RelayMetrics } from '../messaging-metrics.js';
import type { BrokerMessage, BrokerProducer } from '../port.js';
import { portionOf, rowsToSend, type OutboxRow } from './choose-rows.js';
import { RelaySession } from './relay-session.js';

export interface OutboxRelayOptions {
  /** Of the database that holds the outbox; the relay opens one connection of its own. */
  readonly databaseUrl: string;
  readonly producer: BrokerProducer;
  readonly clock: Clock;
  readonly metrics?: RelayMetrics;
  /** Records sent and acknowledged together; 500 by default. */
  readonly batchMax?: number;
  /** How long a committed row waits at most for a look when no nudge came; 250 ms by default. */
  readonly pollMs?: number;
}

const BATCH_MAX = 500;
const POLL_MS = 250;
const STANDBY_MS = 1_000;
/** Of one that ends with rows of its own: the active one may be ending too. */
const LAST_LOOK_MS = 20;
const MEASURE_MS = 1_000;
const PRUNE_MS = 60_000;
const PRUNE_ROWS_MAX = 5_000;
/** Sent rows are kept this long for those who look for what happened. */
const KEPT_MS = 3 * 24 * 60 * 60 * 1000;
/** A silent broker or database must not hold up a shutdown; unmarked rows are sent by the next relay. */
const STOP_MS_MAX = 3_000;
const BROKER_BACKOFF = { firstMs: 100, maxMs: 5_000 };
const DATABASE_BACKOFF = { firstMs: 100, maxMs: 2_000 };

/**
 * Sends what is committed in the outbox. Of all processes with the same database one is active, by a session advisory
 * lock; the others stand by. Never fails: without broker or database it backs off and goes on when they are back.
 */
export class OutboxRelay {
  private readonly logger = new Logger('OutboxRelay');
  private readonly stopping = new AbortController();
  private readonly ending = new AbortController();
  private wake = new AbortController();
  private running: Promise<void> | null = null;
  private active = false;
  /** The broker did not take what was sent last. */
  private refused = false;
  private measuredAt = Number.NEGATIVE_INFINITY;
  private prunedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: OutboxRelayOptions) {}

  get isActive(): boolean {
    return this.active;
  }

  start(): void {
    this.running ??= this.run();
  }

  /** Something was committed: look now rather than at the next poll. */
  nudge(): void {
    this.wake.abort();
  }

  /** Finishes the batch in flight, if that takes no longer than 3 s. What is unsent stays in the database for the next relay. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.wake.abort();
    if (this.running !== null) await within(STOP_MS_MAX, this.running);
  }

  /**
   * Sends until nothing waits or the time is over; for the flush of an orderly shutdown. Not to a broker that takes nothing: what
   * waits is the next relay's anyway. One that stands by waits as long for the active one as that one takes to stop, and sends itself
   * when it has gone: of two processes that end at once, the last one's rows would else wait for the next start.
   */
  async flush(timeoutMs: number): Promise<void> {
    const until = performance.now() + timeoutMs;
    const standbyUntil = performance.now() + Math.min(timeoutMs, STOP_MS_MAX);
    this.ending.abort();
    const session = await RelaySession.open(this.options.databaseUrl).catch(() => null);
    if (session === null) return;
    try {
      while (!this.refused && performance.now() < (this.active ? until : standbyUntil)) {
        this.nudge();
        if ((await session.unpublished(1)).length === 0) return;
        await wait(20, this.stopping.signal);
      }
    } finally {
      await session.close();
    }
  }

  private async run(): Promise<void> {
    let failures = 0;
    while (!this.stopping.signal.aborted) {
      let session: RelaySession | null = null;
      try {
        session = await RelaySession.open(this.options.databaseUrl);
        const locked = await this.waitForLock(session, () => (failures = 0));
        if (locked) await this.relay(session);
      } catch (error) {
        failures += 1;
        this.logger.warn(`database connection lost, trying again: ${String(error)}`);
      } finally {
        this.setActive(false);
        await session?.close();
      }
      if (failures > 0) await wait(backoffMs(failures, DATABASE_BACKOFF), this.stopping.signal);
    }
  }

  private async waitForLock(session: RelaySession, connected: () => void): Promise<boolean> {
    while (!this.stopping.signal.aborted) {
      const locked = await session.tryLock();
      connected();
      if (locked) return true;
      // An end that begins while it waits shortens the wait.
      if (this.ending.signal.aborted) await wait(LAST_LOOK_MS, this.stopping.signal);
      else await wait(STANDBY_MS, AbortSignal.any([this.ending.signal, this.stopping.signal]));
    }
    return false;
  }

  private async relay(session: RelaySession): Promise<void> {
    this.setActive(true);
    let failures = 0;
    while (!this.stopping.signal.aborted) {
      this.wake = new AbortController();
      const rows = portionOf(await session.unpublished(this.options.batchMax ?? BATCH_MAX));
      await this.housekeeping(session);
      if (rows.length === 0) {
        await wait(this.options.pollMs ?? POLL_MS, this.wake.signal);
        continue;
      }
      try {
        await this.publish(rows);
        failures = 0;
        this.refused = false;
      } catch (error) {
        failures += 1;
        this.refused = true;
        this.options.metrics?.sendFailed();
        if (failures === 1) this.logger.warn(`the broker did not take ${rows.length} records: ${String(error)}`);
        await wait(backoffMs(failures, BROKER_BACKOFF), this.stopping.signal);
        continue;
      }
      faultPoint('after_publish_before_mark');
      await session.markPublished(
        rows.map(({ id }) => id),
        this.options.clock.now(),
      );
    }
  }

  private async publish(rows: readonly OutboxRow[]): Promise<void> {
    const sending = rowsToSend(rows);
    faultPoint('after_commit_before_publish');
    await this.options.producer.send(sending.map(toMessage));
    this.options.metrics?.sent(sending.length, rows.length - sending.length);
  }

  private async housekeeping(session: RelaySession): Promise<void> {
    const now = performance.now();
    if (this.options.metrics && now - this.measuredAt >= MEASURE_MS) {
      this.measuredAt = now;
      this.options.metrics.waiting(await session.pending(this.options.clock.now()));
    }
    if (now - this.prunedAt >= PRUNE_MS) {
      const keptSince = new Date(this.options.clock.now().getTime() - KEPT_MS);
      const pruned = await session.prune(keptSince, PRUNE_ROWS_MAX);
      // A full portion means that more is waiting: go on with the next look.
      if (pruned < PRUNE_ROWS_MAX) this.prunedAt = now;
    }
  }

  private setActive(active: boolean): void {
    if (active !== this.active) this.logger.log(active ? 'this relay is active' : 'this relay is no longer active');
    this.active = active;
    this.options.metrics?.active(active);
  }
}

function toMessage({ topic, key, headers, value }: OutboxRow): BrokerMessage {
  return { topic, key, headers, value };
}
