import {
  addDecimal,
  compareDecimal,
  decimalToString,
  maxDecimal,
  orThrow,
  parseDecimal,
  subtractDecimal,
  ZERO_DECIMAL,
  type Decimal,
} from '@biplane/kernel';
import type { LicensedLimit } from '../claims/claims.js';
import { thresholdsOf } from './thresholds.js';

/** Where a limit stands when a request of a quantity comes. Counts are decimal strings. */
export interface LimitCount {
  readonly isBeyond: boolean;
  readonly used: string;
  /** In use were the request admitted. */
  readonly after: string;
  /** Never below zero: a cap may be lowered below what is in use. */
  readonly remaining: string;
  /** The highest share of `warnAt` that `after` reaches. */
  readonly share: string | undefined;
}

/** A use of totals may have grown past what a quantity can have. */
const USED = { maxDigits: 60 } as const;

/**
 * Counts a request against a limit. Exact, whatever the decimals; whole numbers of up to 15 digits, which nearly all counts are, take
 * the way that allocates nothing but its answer.
 */
export function countLimit(limit: LicensedLimit, usedText: string, quantityText: string): LimitCount {
  const cap = wholeOf(limit.cap);
  const used = wholeOf(usedText);
  const quantity = wholeOf(quantityText);
  if (cap < 0 || used < 0 || quantity < 0) return countExactly(limit, usedText, quantityText);
  const after = used + quantity;
  return {
    isBeyond: after > cap,
    used: usedText,
    after: String(after),
    remaining: String(cap > used ? cap - used : 0),
    share: thresholdsOf(limit).findLast(({ wholeFrom }) => after >= wholeFrom)?.share,
  };
}

/** Whether the strategy of the limit is asked at all: a throttle need not be asked for its rate before. */
export function isBeyondCap(limit: LicensedLimit, used: string, quantity: string): boolean {
  return countLimit(limit, used, quantity).isBeyond;
}

function countExactly(limit: LicensedLimit, usedText: string, quantityText: string): LimitCount {
  const cap = orThrow(parseDecimal(limit.cap));
  const used = orThrow(parseDecimal(usedText, USED));
  const quantity: Decimal = orThrow(parseDecimal(quantityText));
  const after = addDecimal(used, quantity);
  return {
    isBeyond: compareDecimal(after, cap) > 0,
    used: decimalToString(used),
    after: decimalToString(after),
    remaining: decimalToString(maxDecimal(ZERO_DECIMAL, subtractDecimal(cap, used))),
    share: thresholdsOf(limit).findLast(({ amount }) => compareDecimal(after, amount) >= 0)?.share,
  };
}

const WHOLE_DIGITS_MAX = 15;
const ZERO = 48;

/** The whole number that a text spells as `String` would; -1 for any other text, which the exact way reads or refuses. */
export function wholeOf(text: string): number {
  const { length } = text;
  if (length === 0 || length > WHOLE_DIGITS_MAX || (length > 1 && text.charCodeAt(0) === ZERO)) return -1;
  let value = 0;
  for (let index = 0; index < length; index += 1) {
    const digit = text.charCodeAt(index) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
