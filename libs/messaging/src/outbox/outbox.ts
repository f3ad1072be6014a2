import { RefusalError, type Clock } from '@biplane/kernel';
import { executeSql, querySql, UnitOfWork, type Tx } from '@biplane/service-kit';
import { OutboxErrors } from '../messaging.errors.js';

export interface OutboundRecord {
  readonly topic: string;
  /** What order is kept by: records of one key arrive as they were committed. */
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Null is a tombstone. */
  readonly value: string | null;
  /** True on compacted topics: when several rows of a key wait, only the newest is sent. */
  readonly compacted?: boolean;
}

export interface OutboxOptions {
  readonly clock: Clock;
  /** Called after the commit: wakes the relay of this process, so that nothing waits for its next poll. */
  readonly nudge?: () => void;
  /** Rows that may wait before new work is refused with 503; 100,000 by default. */
  readonly pendingMax?: number;
}

const PENDING_MAX = 100_000;
const COUNT_AGAIN_MS = 1_000;
const COUNT_AGAIN_ROWS = 1_000;
const RETRY_AFTER_SECONDS = 30;

/** What a transaction sends to the broker: written beside its state, so that both are committed or neither. */
export class Outbox {
  private readonly pendingMax: number;
  private pendingKnown = 0;
  private addedSince = Number.POSITIVE_INFINITY;
  private countedAt = 0;

  constructor(private readonly options: OutboxOptions) {
    this.pendingMax = options.pendingMax ?? PENDING_MAX;
  }

  /** Refuses with `OUTBOX.FULL` at the high-water mark: better a 503 than a full disk. */
  async add(tx: Tx, ...records: readonly OutboundRecord[]): Promise<void> {
    if (records.length === 0) return;
    await this.refuseWhenFull(tx, records.length);
    await executeSql(
      tx,
      `INSERT INTO outbox (topic, key, headers, value, compacted, created_at)
       SELECT r->>'topic', r->>'key', r->'headers', r->>'value', (r->>'compacted')::boolean, $2::text::timestamptz
       FROM jsonb_array_elements($1::text::jsonb) WITH ORDINALITY AS rows(r, position) ORDER BY position`,
      [
        JSON.stringify(records.map((record) => ({ ...record, compacted: record.compacted ?? false }))),
        this.options.clock.now().toISOString(),
      ],
    );
    const { nudge } = this.options;
    if (nudge) UnitOfWork.afterCommit(tx, nudge);
  }

  // Counted once a second or thousand rows, and never beyond the mark: cheap with an empty outbox and with a full one.
  private async refuseWhenFull(tx: Tx, adding: number): Promise<void> {
    const now = performance.now();
    if (this.addedSince >= COUNT_AGAIN_ROWS || now - this.countedAt >= COUNT_AGAIN_MS || this.isFull(adding)) {
      const [row] = await querySql<{ pending: number }>(
        tx,
        `SELECT count(*)::int AS pending FROM (SELECT 1 FROM outbox WHERE published_at IS NULL LIMIT $1::int) waiting`,
        [this.pendingMax + 1],
      );
      this.pendingKnown = row?.pending ?? 0;
      this.addedSince = 0;
      this.countedAt = now;
    }
    if (this.isFull(adding)) {
      const detail = `${this.pendingKnown} records wait for the broker; at most ${this.pendingMax} may`;
      throw new RefusalError(OutboxErrors.FULL({ detail, retryAfterSeconds: RETRY_AFTER_SECONDS }));
    }
    this.addedSince += adding;
  }

  private isFull(adding: number): boolean {
    return this.pendingKnown + this.addedSince + adding > this.pendingMax;
  }
}
