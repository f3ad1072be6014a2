import { unitsOf } from './units.js';

/** A slice is given away for 25 s and expires after 30: what its holder still says in between is on time. */
export const SLICE_USABLE_MS = 25_000;
export const SLICE_TTL_MS = 30_000;

/** Of what remains a slice takes at most one part in this many. */
export const SLICE_SHARE = 100n;

const ONE = unitsOf('1');

/**
 * How much of the rest a slice takes: whole units, at most 1 %, but at least one, at least what is being waited for, and
 * never more than there is. Undefined when not even `least` is left. The statement that grants a slice computes the same.
 */
export function sliceSize(rest: bigint, least: bigint, wanted: bigint): bigint | undefined {
  if (rest < least || rest <= 0n) return undefined;
  const share = (rest / SLICE_SHARE / ONE) * ONE;
  const size = [share, ONE, wanted].reduce((a, b) => (a > b ? a : b));
  return size < rest ? size : rest;
}

export type SliceState = 'open' | 'returned' | 'expired';

export interface StoredSlice {
  readonly state: SliceState;
  readonly amount: bigint;
  readonly spent: bigint;
}

/** What a counter changes by. */
export interface CountDelta {
  readonly used: bigint;
  readonly held: bigint;
  readonly lost: bigint;
}

/**
 * What a holder's word changes: `spent` is the running total of its slice, so a word that comes twice or late changes
 * nothing. Of a slice that expired what was spent comes out of what was lost; its rest stays lost and is not returned.
 */
export function settle(
  stored: StoredSlice,
  told: { readonly spent: bigint; readonly isReturned: boolean },
): { readonly slice: StoredSlice; readonly delta: CountDelta } {
  const { state, amount } = stored;
  const spent = told.spent > stored.spent ? (told.spent < amount ? told.spent : amount) : stored.spent;
  const used = spent - stored.spent;
  if (state === 'expired') return { slice: { state, amount, spent }, delta: { used, held: 0n, lost: -used } };
  if (state === 'returned') {
    // Its rest is free again and may be another's: only what is used can still be added.
    return { slice: { state, amount, spent }, delta: { used, held: 0n, lost: 0n } };
  }
  if (!told.isReturned) return { slice: { state, amount, spent }, delta: { used, held: -used, lost: 0n } };
  return { slice: { state: 'returned', amount, spent }, delta: { used, held: stored.spent - amount, lost: 0n } };
}

/** A slice whose holder was silent for too long: its rest is spent for the cap, never for the bill. */
export function expire(stored: StoredSlice): { readonly slice: StoredSlice; readonly delta: CountDelta } {
  const rest = stored.amount - stored.spent;
  return { slice: { ...stored, state: 'expired' }, delta: { used: 0n, held: -rest, lost: rest } };
}
