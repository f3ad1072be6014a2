import { randomBytes } from 'node:crypto';
import { parseUsageEvent, USAGE_EVENT_TYPE, type UsageEvent } from '@biplane/contracts';
import { orThrow, RefusalError, uuidv7, type Clock } from '@biplane/kernel';
import type { Registry } from 'prom-client';
import { systemClock } from '../system-clock.js';
import { backoffMs, wait } from './backoff.js';
import type { Rejection } from './rejected-events.js';
import { Spool, type Segment } from './spool.js';
import { SpoolErrors } from './usage-client.errors.js';
import { UsageClientMetrics } from './usage-client.metrics.js';
import type { UsageClientStatus } from './usage-client.status.js';
import { NotTakenError, UsagePoster, type UsagePosterOptions } from './usage-poster.js';

export interface UsageClientOptions extends UsagePosterOptions {
  /** Of this process alone, on a disk that outlives it. */
  readonly spoolFolder: string;
  /** Beyond it `record` refuses; 256 MiB unless given. */
  readonly spoolBytesMax?: number;
  /** Who counts: a part of each event's identity, the same after a restart. */
  readonly source: string;
  readonly clock?: Clock;
  readonly registry?: Registry;
  /** How long events gather before a batch that is not full is sent. */
  readonly gatherMs?: number;
  readonly warn?: (message: string, details: object) => void;
}

export interface UsageRecord {
  readonly deploymentId: string;
  readonly meter: string;
  /** Decimal string, not negative. */
  readonly quantity: string;
  /** When it was used; the Clock's present instant unless given. */
  readonly time?: Date;
  /** The same id with the same content counts once; a new one unless given. */
  readonly id?: string;
}

const SPOOL_BYTES_MAX = 256 * 1024 * 1024;
const GATHER_MS = 1_000;

/** Records usage on disk, and sends it until it is acknowledged: what `record` returned for is counted exactly once. */
export class UsageClient {
  private readonly clock: Clock;
  private readonly poster: UsagePoster;
  private readonly metrics: UsageClientMetrics;
  private readonly closing = new AbortController();
  private starting: Promise<Spool> | undefined;
  private spool: Spool | undefined;
  private sending: Promise<void> = Promise.resolve();
  private wake: () => void = () => undefined;
  private trouble: string | undefined;
  private failures = 0;
  private flushing: { readonly upTo: number; readonly resolve: () => void }[] = [];

  constructor(private readonly options: UsageClientOptions) {
    this.clock = options.clock ?? systemClock;
    this.poster = new UsagePoster(options);
    this.metrics = new UsageClientMetrics(options.registry, () => this.status(), this.clock);
  }

  /** Takes the folder, and sends what an earlier process left in it. Throws when another process has it. */
  async start(): Promise<void> {
    await this.open();
  }

  /** Resolves with the event's id once the event is on disk. Throws a RefusalError: malformed, spool full, not writable, closed. */
  async record({ deploymentId, meter, quantity, time, id }: UsageRecord): Promise<string> {
    const now = this.clock.now();
    const event: UsageEvent = orThrow(
      parseUsageEvent({
        specversion: '1.0',
        id: id ?? uuidv7(now, randomBytes(10)),
        source: this.options.source,
        type: USAGE_EVENT_TYPE,
        time: (time ?? now).toISOString(),
        subject: deploymentId,
        data: { meter, quantity },
      }),
    );
    try {
      const spool = await this.open();
      await spool.append({ event, at: now.toISOString() });
    } catch (error) {
      this.metrics.refused(error instanceof RefusalError ? error.failure.code : 'SPOOL.UNWRITABLE');
      throw error;
    }
    this.wake();
    return event.id;
  }

  /** Resolves when everything that was recorded before is acknowledged. */
  async flush(): Promise<void> {
    const spool = await this.open();
    if (spool.events === 0) return;
    const upTo = spool.newestNumber;
    const acknowledged = new Promise<void>((resolve) => this.flushing.push({ upTo, resolve }));
    this.wake();
    await acknowledged;
  }

  /** Records again, under their ids, the events that were rejected: once the cause is mended. Returns how many. */
  async retryRejected(): Promise<number> {
    const spool = await this.open();
    let count = 0;
    for (const number of spool.rejected.numbers) {
      const rejections = await spool.rejected.read(number);
      const events = rejections.flatMap(({ event }) => (event ? [event] : []));
      const at = this.clock.now().toISOString();
      await Promise.all(events.map((event) => spool.append({ event, at })));
      await spool.rejected.remove(number);
      count += events.length;
    }
    this.wake();
    return count;
  }

  status(): UsageClientStatus {
    const { spool, trouble } = this;
    return {
      events: spool?.events ?? 0,
      bytes: spool?.bytes ?? 0,
      oldestAt: spool?.oldestAt,
      rejected: spool?.rejected.events ?? 0,
      trouble,
    };
  }

  /** Gives the folder back. What is not acknowledged stays in it for the next start. */
  async close(): Promise<void> {
    this.closing.abort();
    this.wake();
    const spool = await this.starting?.catch(() => undefined);
    await this.sending;
    await spool?.close();
    for (const { resolve } of this.flushing.splice(0)) resolve();
  }

  private open(): Promise<Spool> {
    if (this.closing.signal.aborted) {
      return Promise.reject(new RefusalError(SpoolErrors.CLOSED({ detail: 'The usage client is closed' })));
    }
    this.starting ??= this.openSpool().catch((error: unknown) => {
      this.starting = undefined; // the other process may be gone at the next try
      throw error;
    });
    return this.starting;
  }

  private async openSpool(): Promise<Spool> {
    const spool = await Spool.open(this.options.spoolFolder, this.options.spoolBytesMax ?? SPOOL_BYTES_MAX);
    this.spool = spool;
    if (spool.tornBytes > 0) this.warn('the end of the spool was torn by a crash', { bytes: spool.tornBytes });
    this.sending = this.send(spool);
    return spool;
  }

  private async send(spool: Spool): Promise<void> {
    while (!this.closing.signal.aborted) {
      if (!spool.isSegmentReady && this.flushing.length === 0) await this.gather(spool);
      if (this.closing.signal.aborted) return;
      try {
        const segment = await spool.next();
        if (segment) await this.sendSegment(spool, segment);
        this.tellFlushed(spool.oldestNumber);
        this.failures = 0;
        this.trouble = undefined;
      } catch (error) {
        await this.backOff(error);
      }
    }
  }

  private tellFlushed(oldestNumber: number): void {
    for (const { upTo, resolve } of this.flushing) if (upTo < oldestNumber) resolve();
    this.flushing = this.flushing.filter(({ upTo }) => upTo >= oldestNumber);
  }

  private async sendSegment(spool: Spool, segment: Segment): Promise<void> {
    const { entries, damaged } = await spool.read(segment);
    const events = entries.map(({ event }) => event);
    const none = { accepted: 0, duplicates: 0, rejections: [] };
    const taken = events.length > 0 ? await this.poster.post(events, this.closing.signal) : none;
    const unreadable = damaged.map((line): Rejection => {
      return { code: 'SPOOL.DAMAGED', detail: 'The line on disk does not match its checksum', line };
    });
    const rejections = [...taken.rejections, ...unreadable];
    await spool.settle(segment, rejections);
    this.metrics.sent(taken.accepted, taken.duplicates, rejections.length);
    if (rejections.length > 0)
      this.warn('usage was rejected', { events: rejections.length, code: rejections[0]?.code });
  }

  private async backOff(error: unknown): Promise<void> {
    if (this.closing.signal.aborted) return;
    this.failures += 1;
    this.trouble = error instanceof Error ? error.message : String(error);
    this.metrics.failed();
    if (this.failures === 1) this.warn('usage waits in the spool', { trouble: this.trouble });
    await wait(backoffMs(this.failures, error instanceof NotTakenError ? error.retryAfterMs : 0), this.closing.signal);
  }

  /** Until a segment is full, somebody waits for the last event, or the first one has waited long enough. */
  private async gather(spool: Spool): Promise<void> {
    const enough = (): boolean => spool.isSegmentReady || this.flushing.length > 0;
    const isNews = (): boolean => spool.events > 0;
    while (!this.closing.signal.aborted && !isNews()) await this.woken();
    const timeUp = new AbortController();
    void wait(this.options.gatherMs ?? GATHER_MS, this.closing.signal).then(() => {
      timeUp.abort();
      this.wake();
    });
    while (!this.closing.signal.aborted && !timeUp.signal.aborted && !enough()) await this.woken();
  }

  private woken(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve));
  }

  private warn(message: string, details: object): void {
    this.options.warn?.(message, details);
  }
}
