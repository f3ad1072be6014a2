import type { Tx } from '@biplane/service-kit';
import { keyText, type LimitKey } from './domain/limit-key.js';
import { PendingCounts } from './domain/pending-counts.js';
import { quantityOf, unitsOf } from './domain/units.js';
import type { CountState, LimitCounters } from './limit-counters.js';

interface Cached {
  readonly key: LimitKey;
  spent: bigint;
  readonly readAt: Date;
  readonly readAtMs: number;
  askedAtMs: number;
}

/** Older than this a count is read again behind the answer; older than that the answer waits for it. */
const FRESH_MS = 1_000;
const STALE_MS_MAX = 5_000;
const FORGET_MS = 60_000;

export interface CountReading {
  readonly spent: string;
  readonly asOf: Date;
}

/**
 * The counts of limits that refuse nobody, as of a moment ago, with what this process admitted since. Good for answers that
 * warn and price; whoever refuses asks the counter itself.
 */
export class CountCache {
  private readonly cached = new Map<string, Cached>();
  private readonly reading = new Map<string, Promise<Cached>>();

  constructor(
    private readonly options: {
      readonly counters: LimitCounters;
      readonly reader: Tx;
      readonly pending: PendingCounts;
      readonly now: () => Date;
      readonly monotonicMs: () => number;
    },
  ) {}

  /** From memory, or undefined. */
  peek(key: LimitKey): CountReading | undefined {
    const known = this.cached.get(keyText(key));
    const nowMs = this.options.monotonicMs();
    if (known === undefined || nowMs - known.readAtMs >= STALE_MS_MAX) return undefined;
    known.askedAtMs = nowMs;
    if (nowMs - known.readAtMs >= FRESH_MS) this.read(key).catch(() => undefined);
    return this.readingOf(known);
  }

  async get(key: LimitKey): Promise<CountReading> {
    return this.peek(key) ?? this.readingOf(await this.read(key));
  }

  /** What a flush has stored is in the next read; until then it is added here. */
  stored(counts: readonly { readonly key: LimitKey; readonly quantity: string }[]): void {
    for (const { key, quantity } of counts) {
      const known = this.cached.get(keyText(key));
      if (known !== undefined) known.spent += unitsOf(quantity);
    }
    const nowMs = this.options.monotonicMs();
    for (const [text, { askedAtMs }] of this.cached) if (nowMs - askedAtMs >= FORGET_MS) this.cached.delete(text);
  }

  private readingOf({ key, spent, readAt }: Cached): CountReading {
    return { spent: quantityOf(spent + this.options.pending.pending(key)), asOf: readAt };
  }

  private read(key: LimitKey): Promise<Cached> {
    const text = keyText(key);
    const running = this.reading.get(text);
    if (running !== undefined) return running;
    const work = this.load(key).finally(() => this.reading.delete(text));
    this.reading.set(text, work);
    return work;
  }

  private async load(key: LimitKey): Promise<Cached> {
    const { counters, reader, now, monotonicMs } = this.options;
    const [state] = (await counters.read(reader, [key])) as [CountState];
    const readAtMs = monotonicMs();
    const cached = { key, spent: unitsOf(state.spent), readAt: now(), readAtMs, askedAtMs: readAtMs };
    this.cached.set(keyText(key), cached);
    return cached;
  }
}
