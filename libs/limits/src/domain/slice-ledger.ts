import { compareKeys, keyText, type LimitKey } from './limit-key.js';
import { SLICE_USABLE_MS } from './slice-rules.js';
import { quantityOf, unitsOf } from './units.js';

/** What a process says of one of its slices. `spent` is a running total: said twice, it counts once. */
export interface SettledSlice {
  readonly sliceId: string;
  readonly key: LimitKey;
  readonly spent: string;
  /** Nothing is taken from it any more: what it has left is free again. */
  readonly isReturned: boolean;
}

interface Slice {
  readonly id: string;
  readonly key: LimitKey;
  readonly cap: string;
  readonly amount: bigint;
  readonly usableUntilMs: number;
  spent: bigint;
  told: bigint;
  isReturned: boolean;
}

interface Account {
  caps: string;
  readonly slices: Slice[];
  /** A quantity that there was no room for below a cap, and until when that is believed. */
  full: { readonly cap: string; readonly least: bigint; readonly untilMs: number } | null;
}

/** How long a process believes that a limit is full before it asks again. */
const FULL_MS = 200;

/** A limit to take from. */
export interface SliceClaim {
  readonly key: LimitKey;
  readonly cap: string;
  /** The caps of all modules that share the count, as one text; `cap` when there is one. Slices of other caps than these go back. */
  readonly caps?: string | undefined;
}

/** What one process may give away, in memory. Its times are those of a monotonic clock, in milliseconds. */
export class SliceLedger {
  private readonly accounts = new Map<string, Account>();
  /** Given back or too old, and not yet known to be stored. */
  private leaving: Slice[] = [];

  /** Takes the quantity of each claim, or of none. `missing` is one that nobody here can answer: ask for a slice of it. */
  tryTake(
    claims: readonly SliceClaim[],
    units: bigint,
    nowMs: number,
  ): 'taken' | 'full' | { readonly missing: SliceClaim } {
    const found: Slice[] = [];
    for (const claim of claims) {
      const { key, cap, caps = cap } = claim;
      const account = this.accounts.get(keyText(key));
      if (account === undefined) return { missing: claim };
      if (account.caps !== caps) this.capChanged(key, caps);
      const slice = account.slices.find(
        (each) => each.cap === cap && each.usableUntilMs > nowMs && each.amount - each.spent >= units,
      );
      if (slice === undefined) {
        const { full } = account;
        const isFull = full?.cap === cap && nowMs < full.untilMs && units >= full.least;
        return isFull ? 'full' : { missing: claim };
      }
      found.push(slice);
    }
    for (const slice of found) slice.spent += units;
    return 'taken';
  }

  /** `askedAtMs` is from before the request: the time under way counts as well. */
  grant(slice: SliceClaim & { id: string; amount: bigint; askedAtMs: number }): void {
    const { id, key, cap, caps = cap, amount } = slice;
    const account = this.account(key, caps);
    const usableUntilMs = slice.askedAtMs + SLICE_USABLE_MS;
    const granted = { id, key, cap, amount, usableUntilMs, spent: 0n, told: 0n, isReturned: false };
    account.full = null;
    // Of a cap that was lowered while the request was under way nothing is given away.
    if (account.caps === caps) account.slices.push(granted);
    else this.leave(granted);
  }

  full({ key, cap, caps = cap }: SliceClaim, least: bigint, nowMs: number): void {
    const account = this.account(key, caps);
    if (account.caps === caps) account.full = { cap, least, untilMs: nowMs + FULL_MS };
  }

  /** What is left goes back at once: under other caps nothing of it may be given away. */
  capChanged(key: LimitKey, caps: string): void {
    const account = this.accounts.get(keyText(key));
    if (account === undefined || account.caps === caps) return;
    account.caps = caps;
    account.full = null;
    for (const slice of account.slices.splice(0)) this.leave(slice);
  }

  /** Everything goes back: the process ends, or its license is gone. */
  retire(which: (key: LimitKey) => boolean = () => true): void {
    for (const account of this.accounts.values()) {
      const { slices } = account;
      const staying = slices.filter(({ key }) => !which(key));
      for (const slice of slices.splice(0, slices.length, ...staying)) if (which(slice.key)) this.leave(slice);
    }
  }

  /** All that is not known to be stored, in the order of keys. Slices that are used up, too old, or of a window that ended leave. */
  drain(nowMs: number, now: Date): SettledSlice[] {
    const open: Slice[] = [];
    for (const [text, account] of this.accounts) {
      for (const slice of account.slices.splice(0)) {
        const isOver = slice.key.period !== null && slice.key.period.to.getTime() <= now.getTime();
        if (isOver || slice.usableUntilMs <= nowMs || slice.spent === slice.amount) this.leave(slice);
        else account.slices.push(slice);
      }
      open.push(...account.slices.filter(({ spent, told }) => spent > told));
      const isBelieved = account.full !== null && nowMs < account.full.untilMs;
      if (account.slices.length === 0 && !isBelieved) this.accounts.delete(text);
    }
    return [...open, ...this.leaving]
      .sort((a, b) => compareKeys(a.key, b.key) || (a.id < b.id ? -1 : 1))
      .map(({ id, key, spent, isReturned }) => ({ sliceId: id, key, spent: quantityOf(spent), isReturned }));
  }

  /** What was said is stored. */
  settled(slices: readonly SettledSlice[]): void {
    const bySlice = new Map(slices.map((slice) => [slice.sliceId, slice]));
    this.leaving = this.leaving.filter(({ id }) => bySlice.get(id)?.isReturned !== true);
    for (const account of this.accounts.values()) {
      for (const slice of account.slices) {
        const said = bySlice.get(slice.id);
        if (said !== undefined) slice.told = unitsOf(said.spent);
      }
    }
  }

  private leave(slice: Slice): void {
    slice.isReturned = true;
    this.leaving.push(slice);
  }

  private account(key: LimitKey, caps: string): Account {
    const text = keyText(key);
    const known = this.accounts.get(text);
    if (known !== undefined) return known;
    const made: Account = { caps, slices: [], full: null };
    this.accounts.set(text, made);
    return made;
  }
}
