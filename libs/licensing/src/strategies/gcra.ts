import {
  addDecimal,
  compareDecimal,
  decimal,
  decimalToString,
  maxDecimal,
  multiplyDecimal,
  orThrow,
  parseDecimal,
  subtractDecimal,
  ZERO_DECIMAL,
  type Decimal,
} from '@biplane/kernel';
import type { LicensedRate } from '../claims/claims.js';

/** What stands in the bucket, as it was at an instant: it runs out at `perSecond` and holds at most `burst`. */
export interface GcraState {
  /** Decimal string. */
  readonly level: string;
  readonly at: Date;
}

/** What a rate answers to one request. `retryAt` null: such a request never fits, however long it waits. */
export type RateAnswer = { readonly admitted: true } | { readonly admitted: false; readonly retryAt: Date | null };

export type GcraAnswer = RateAnswer & {
  /** What stands after the answer; a refused request adds nothing. */
  readonly state: GcraState;
};

/** Rates and quantities have 12 decimals, a millisecond three more. */
const LEVEL = { maxScale: 15, maxDigits: 60 } as const;
const MILLI = decimal(1n, 3);

/**
 * The generic cell rate algorithm in its exact form, as a bucket that leaks (ITU-T I.371 shows that both admit the same requests): a
 * request passes when it fits. No step rounds but one: `retryAt` is the first whole millisecond at which the request fits, if nothing
 * else comes. A clock that is set back lets nothing run out twice.
 */
export function gcra(state: GcraState | null, rate: LicensedRate, quantity: string, now: Date): GcraAnswer {
  const perSecond = orThrow(parseDecimal(rate.perSecond));
  const burst = decimal(BigInt(rate.burst));
  const asked = orThrow(parseDecimal(quantity));
  const at = state && state.at.getTime() > now.getTime() ? state.at : now;
  const level = state ? leaked(state, perSecond, at) : ZERO_DECIMAL;
  const after = addDecimal(level, asked);
  if (compareDecimal(after, burst) <= 0) {
    return { admitted: true, state: { level: decimalToString(after), at } };
  }
  const fitsEver = compareDecimal(asked, burst) <= 0 && perSecond.coefficient > 0n;
  const retryAt = fitsEver ? new Date(at.getTime() + millisToRunOut(subtractDecimal(after, burst), perSecond)) : null;
  return { admitted: false, retryAt, state: { level: decimalToString(level), at } };
}

function leaked(state: GcraState, perSecond: Decimal, at: Date): Decimal {
  const seconds = multiplyDecimal(decimal(BigInt(at.getTime() - state.at.getTime())), MILLI);
  const level = orThrow(parseDecimal(state.level, LEVEL));
  return maxDecimal(ZERO_DECIMAL, subtractDecimal(level, multiplyDecimal(seconds, perSecond)));
}

/** Whole milliseconds, rounded up; at most what a Date can hold beside any instant of ours. */
function millisToRunOut(amount: Decimal, perSecond: Decimal): number {
  const scale = Math.max(amount.scale, perSecond.scale);
  const dividend = amount.coefficient * 10n ** BigInt(scale - amount.scale) * 1000n;
  const divisor = perSecond.coefficient * 10n ** BigInt(scale - perSecond.scale);
  const millis = (dividend + divisor - 1n) / divisor;
  return millis > WAIT_MS_MAX ? Number(WAIT_MS_MAX) : Number(millis);
}

/** A thousand years. */
const WAIT_MS_MAX = 1000n * 365n * 24n * 60n * 60n * 1000n;
