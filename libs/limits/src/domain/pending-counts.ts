import { keyText, type LimitKey } from './limit-key.js';
import { quantityOf } from './units.js';

/** What was admitted in memory and no row knows yet. */
export interface PendingCount {
  readonly key: LimitKey;
  readonly quantity: string;
  readonly at: Date;
}

interface Count {
  readonly key: LimitKey;
  readonly at: Date;
  readonly units: bigint;
}

/** Counts between two flushes. What a flush took is still pending until it is known to be stored. */
export class PendingCounts {
  private counts = new Map<string, Count>();
  private flushed = new Map<string, Count>();

  note(key: LimitKey, units: bigint, at: Date): void {
    const text = keyText(key);
    this.counts.set(text, { key, at, units: (this.counts.get(text)?.units ?? 0n) + units });
  }

  pending(key: LimitKey): bigint {
    const text = keyText(key);
    return (this.counts.get(text)?.units ?? 0n) + (this.flushed.get(text)?.units ?? 0n);
  }

  /** What is to be stored next. Only after what was taken before is stored. */
  take(): PendingCount[] {
    this.flushed = this.counts;
    this.counts = new Map();
    return [...this.flushed.values()].map(({ key, at, units }) => ({ key, at, quantity: quantityOf(units) }));
  }

  stored(): void {
    this.flushed = new Map();
  }
}
