import type { Clock } from '@biplane/kernel';
import { UnitOfWork, type Ids, type Tx } from '@biplane/service-kit';
import { inLockOrder, keyText, type LimitKey } from './domain/limit-key.js';
import { SliceLedger, type SettledSlice, type SliceClaim } from './domain/slice-ledger.js';
import { expire, settle, SLICE_TTL_MS, type CountDelta, type StoredSlice } from './domain/slice-rules.js';
import { quantityOf, unitsOf } from './domain/units.js';
import type { LimitCounters } from './limit-counters.js';
import { changeCounters } from './store/counters.js';
import { grantSlice, lockOverdueSlices, lockSlices, writeSlices } from './store/slices.js';

export interface SliceBankOptions {
  readonly unitOfWork: UnitOfWork;
  readonly counters: LimitCounters;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Milliseconds that only go forward, at the pace of the world; `performance.now` by default. */
  readonly monotonicMs?: () => number;
}

export interface TakeOptions {
  /** Tickets that wait for this meter come first. */
  readonly isQueued?: boolean;
  /** True once nobody waits for the answer any more: nothing is taken then. */
  readonly isAbandoned?: () => boolean;
}

export type Taken = 'taken' | 'full' | 'abandoned';

interface Refill {
  readonly done: Promise<void>;
}

const EXPIRE_MAX = 1_000;

/**
 * Rate limits without a statement a request: this process takes slices of what remains and gives them away from memory.
 * However many processes do so and however they end, no more is given away than the cap.
 */
export class SliceBank {
  private readonly ledger = new SliceLedger();
  private readonly refills = new Map<string, Refill>();
  private readonly waiting = new Map<string, bigint[]>();
  private readonly holder: string;
  private readonly monotonicMs: () => number;
  private flushing: Promise<void> = Promise.resolve();

  constructor(private readonly options: SliceBankOptions) {
    this.holder = options.ids.uuid();
    this.monotonicMs = options.monotonicMs ?? (() => performance.now());
  }

  /** From memory alone. True: taken. False: full a moment ago. Undefined: ask with `take`. */
  tryTake(key: LimitKey, cap: string, quantity: string): boolean | undefined {
    const answer = this.tryTakeAll([{ key, cap }], quantity);
    return answer === undefined ? undefined : answer === 'taken';
  }

  /** The same of several limits: of each the quantity, or of none. */
  tryTakeAll(claims: readonly SliceClaim[], quantity: string): 'taken' | 'full' | undefined {
    const answer = this.ledger.tryTake(claims, unitsOf(quantity), this.monotonicMs());
    return typeof answer === 'string' ? answer : undefined;
  }

  /** From memory, else from a new slice; requests that come together share one. Throws when the database is away. */
  take(key: LimitKey, cap: string, quantity: string, options: TakeOptions = {}): Promise<Taken> {
    return this.takeAll([{ key, cap }], quantity, options);
  }

  /** The same of several limits: of each the quantity, or of none. */
  async takeAll(claims: readonly SliceClaim[], quantity: string, options: TakeOptions = {}): Promise<Taken> {
    const units = unitsOf(quantity);
    for (;;) {
      if (options.isAbandoned?.() === true) return 'abandoned';
      const answer = this.ledger.tryTake(claims, units, this.monotonicMs());
      if (typeof answer === 'string') return answer;
      await this.refill(answer.missing, units, options.isQueued ?? false);
    }
  }

  /** A license changed: what this process holds under other caps goes back at once. `caps` as in `SliceClaim`. */
  capChanged(key: LimitKey, caps: string): void {
    this.ledger.capChanged(key, caps);
  }

  /** Everything that is held goes back with the next flush: of one deployment, or of all when the process ends. */
  retire(deploymentId?: string): void {
    this.ledger.retire((key) => deploymentId === undefined || key.deploymentId === deploymentId);
  }

  /** What this process has to say of its slices. Said again until `settle` is committed; said twice, it counts once. */
  drain(): SettledSlice[] {
    return this.ledger.drain(this.monotonicMs(), this.options.clock.now());
  }

  /**
   * Moves what was given away from held to used, and frees what goes back: in the transaction that stores the usage. With the
   * counters that the transaction changes later: all are locked here, after the slices and in the one order.
   */
  async settle(tx: Tx, settled: readonly SettledSlice[], later: readonly LimitKey[] = []): Promise<void> {
    if (settled.length === 0) return;
    const told = new Map(settled.map((slice) => [slice.sliceId, slice]));
    const changes: { id: string; key: LimitKey; slice: StoredSlice; delta: CountDelta }[] = [];
    for (const stored of await lockSlices(tx, [...told.keys()])) {
      const said = told.get(stored.id);
      if (said === undefined) continue;
      const word = { spent: unitsOf(said.spent), isReturned: said.isReturned };
      changes.push({ id: stored.id, key: said.key, ...settle(stored, word) });
    }
    if (later.length > 0) await this.options.counters.lock(tx, [...later, ...changes.map(({ key }) => key)]);
    await this.write(tx, changes);
    UnitOfWork.afterCommit(tx, () => this.ledger.settled(settled));
  }

  /** Settles in a transaction of its own: where no usage is stored beside it. One at a time. */
  flush(): Promise<void> {
    const mine = this.flushing.then(async () => {
      const settled = this.drain();
      if (settled.length > 0) await this.options.unitOfWork.run((tx) => this.settle(tx, settled));
    });
    this.flushing = mine.catch(() => undefined);
    return mine;
  }

  /** Slices of processes that are silent for too long, of any process: their rest is lost. How many there were. */
  async expire(tx: Tx, now: Date): Promise<number> {
    const overdue = await lockOverdueSlices(tx, now, EXPIRE_MAX);
    await this.write(
      tx,
      overdue.map((stored) => ({ id: stored.id, key: stored.key, ...expire(stored) })),
    );
    return overdue.length;
  }

  private async write(
    tx: Tx,
    changes: readonly { id: string; key: LimitKey; slice: StoredSlice; delta: CountDelta }[],
  ): Promise<void> {
    await writeSlices(
      tx,
      changes.map(({ id, slice }) => ({ id, ...slice })),
    );
    const byKey = new Map<string, { key: LimitKey; delta: CountDelta }>();
    for (const { key, delta } of changes) {
      const sum = byKey.get(keyText(key))?.delta ?? { used: 0n, held: 0n, lost: 0n };
      const { used, held, lost } = delta;
      byKey.set(keyText(key), {
        key,
        delta: { used: sum.used + used, held: sum.held + held, lost: sum.lost + lost },
      });
    }
    await changeCounters(tx, inLockOrder([...byKey.values()]));
  }

  private async refill(claim: SliceClaim, units: bigint, isQueued: boolean): Promise<void> {
    const text = `${keyText(claim.key)}|${claim.cap}|${isQueued}`;
    const waiting = this.waiting.get(text) ?? [];
    this.waiting.set(text, waiting);
    waiting.push(units);
    const running = this.refills.get(text);
    if (running !== undefined) {
      // What runs was sized before this request came: whoever it does not serve asks again.
      await running.done;
      waiting.splice(waiting.indexOf(units), 1);
      return;
    }
    const done = this.ask(claim, waiting, isQueued).finally(() => {
      this.refills.delete(text);
      this.waiting.delete(text);
    });
    this.refills.set(text, { done });
    await done;
  }

  private async ask(claim: SliceClaim, waiting: readonly bigint[], isQueued: boolean): Promise<void> {
    // A turn later, so that requests of one burst are served by one slice.
    await Promise.resolve();
    const least = waiting.reduce((a, b) => (a < b ? a : b));
    const wanted = waiting.reduce((a, b) => a + b);
    const { key, cap } = claim;
    const { clock, ids, unitOfWork, counters } = this.options;
    const askedAtMs = this.monotonicMs();
    const grantedAt = clock.now();
    const request = {
      id: ids.uuid(),
      holder: this.holder,
      key,
      cap,
      least: quantityOf(least),
      wanted: quantityOf(wanted),
      isQueued,
      grantedAt,
      expiresAt: new Date(grantedAt.getTime() + SLICE_TTL_MS),
    };
    const amount = await unitOfWork.run(async (tx) => {
      const granted = await grantSlice(tx, request);
      if (granted !== undefined) return granted;
      await counters.ensure(tx, [key]);
      // Once more even if the counter is there: it may have come after the statement that did not find it.
      return grantSlice(tx, request);
    });
    if (amount === undefined) this.ledger.full(claim, least, this.monotonicMs());
    else this.ledger.grant({ ...claim, id: request.id, amount, askedAtMs });
  }
}
